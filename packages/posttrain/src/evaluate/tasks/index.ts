import type { Task } from '../task.ts';
import { asChat } from './as-chat.ts';
import { bbq } from './bbq.ts';
import { bitsPerByte, domainBitsPerByte } from './bits-per-byte.ts';
import { byMutualInformation } from './by-mutual-information.ts';
import { clapnq } from './clapnq.ts';
import { clinc150 } from './clinc150.ts';
import { commonsenseQa } from './commonsense-qa.ts';
import { crowsPairs } from './crows-pairs.ts';
import { gsm8k } from './gsm8k.ts';
import { ifeval } from './ifeval.ts';
import { legalbench } from './legalbench.ts';
import { legalbenchCuad } from './legalbench-cuad.ts';
import { mmlu } from './mmlu.ts';
import { groundedQuestions, ownQuestions } from './own-questions.ts';
import { pocketWorldTasks } from './pocket/index.ts';
import { pubmedqa } from './pubmedqa.ts';
import { truthfulqaMc1, truthfulqaMc2 } from './truthfulqa.ts';
import { xquad } from './xquad.ts';
import { xstest } from './xstest.ts';

/** Every task that comes with the package, by the name `--tasks` takes. */
export const builtInTasks: readonly Task[] = [
  ...[ownQuestions, asChat(ownQuestions), groundedQuestions, asChat(groundedQuestions)],
  ...[ifeval, asChat(ifeval), clinc150],
  ...[clapnq, asChat(clapnq), xquad, asChat(xquad)],
  ...[gsm8k, asChat(gsm8k), mmlu, truthfulqaMc1, truthfulqaMc2, commonsenseQa],
  ...[mmlu, truthfulqaMc1, commonsenseQa].map(byMutualInformation),
  xstest,
  ...[bbq, crowsPairs],
  ...[pubmedqa, byMutualInformation(pubmedqa), ...legalbench, legalbenchCuad, domainBitsPerByte],
  bitsPerByte,
  ...pocketWorldTasks,
];
