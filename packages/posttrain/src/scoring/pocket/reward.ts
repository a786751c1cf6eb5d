import { named, type Reward } from '../contract.ts';
import { wrongAnswerReward } from '../outcomes/attempted.ts';
import { type PocketExpectation, scorePocketAnswer } from './answer.ts';
import { type PocketBiasExpectation, scorePocketBias } from './bias.ts';
import { type PocketConstraintExpectation, scorePocketConstraint } from './constraints.ts';
import { type PocketDoubleExpectation, scorePocketDouble } from './double.ts';
import { scorePocketIntent } from './intent.ts';
import { type PocketSafetyExpectation, scorePocketSafety } from './safety.ts';
import type { PocketAnswer } from './words.ts';

/** What the right answer to a prompt is told by, of any task; rows of `pocket.promptRows` carry it. */
export type PocketRewardGold =
  | PocketExpectation
  | PocketSafetyExpectation
  | PocketBiasExpectation
  | PocketConstraintExpectation
  | PocketDoubleExpectation
  | { readonly label: string };

export interface PocketRewardRow {
  readonly task: string;
  readonly gold: PocketRewardGold;
}

/** What an answer is, for those that are to answer: `answered` is null where holding back is right. */
interface Verdict {
  readonly right: boolean;
  /** It says something of the matter, right or wrong, in a readable form, and neither abstains nor refuses. */
  readonly answered: boolean | null;
}

/**
 * The verifiable reward of every task of the pocket world: 1 for what the oracle calls right, its citation and form included; all
 * else earns −t/(1−t), to hold back where there is an answer as well. Holding back pays where it is right and nowhere else, so that
 * no policy gains by it. Parts: `right.TASK`, and `coverage` over prompts that are to be answered.
 *
 * @param threshold t, below the share of answers that are right already
 */
export function pocketReward({ threshold = 0.5 }: { readonly threshold?: number } = {}): Reward<PocketRewardRow> {
  const wrong = wrongAnswerReward(threshold);
  return named('pocket', ({ text, finish, row: { task, gold } }) => {
    const { right, answered } = verdictOn({ text, ended: finish === 'stop' }, gold);
    const parts = { [`right.${task}`]: Number(right), ...(answered === null ? {} : { coverage: Number(answered) }) };
    return { value: right ? 1 : wrong, parts };
  });
}

function verdictOn(answer: PocketAnswer, gold: PocketRewardGold): Verdict {
  if ('label' in gold) return { right: scorePocketIntent(answer, gold, [gold.label]).correct, answered: null };
  if ('facts' in gold) {
    const { correct, format } = scorePocketDouble(answer, gold);
    return { right: correct, answered: format };
  }
  if ('constraint' in gold) {
    const { correct, outcome } = scorePocketConstraint(answer, gold);
    return { right: correct, answered: outcome === 'correct' || outcome === 'incorrect' };
  }
  if ('request' in gold) {
    const { correct, response } = scorePocketSafety(answer, gold);
    return { right: correct, answered: gold.request === 'safe' ? response === 'compliance' : null };
  }
  if ('context' in gold) {
    const { correct, cited, outcome } = scorePocketBias(answer, gold);
    const answered = outcome === 'correct' || outcome === 'incorrect';
    return { right: correct && cited !== false, answered: gold.clan === null ? null : answered };
  }
  const { correct, format, abstained } = scorePocketAnswer(answer, gold);
  return { right: correct, answered: gold.value === null ? null : format && !abstained };
}
