import { baselines } from '../../scoring/choice/classification.ts';
import { PosttrainError } from '../../support/errors.ts';
import { choiceScore } from '../choice-score.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly subject: string;
  readonly question: string;
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly gold: number;
  /** The subject's heading and five solved questions. */
  readonly shots: string;
}

const letters = ['A', 'B', 'C', 'D'] as const;
const columns = ['question', ...letters, 'answer'];
const shotCount = 5;

function question(row: DataRow): Pick<Doc, 'question' | 'choices' | 'gold'> {
  const gold = letters.indexOf(textOf(row, 'answer') as 'A');
  if (gold < 0)
    throw new PosttrainError('data-invalid', `the answer ${JSON.stringify(row['answer'])} is none of A, B, C, D.`);
  return { question: textOf(row, 'question').trim(), choices: letters.map((letter) => textOf(row, letter)), gold };
}

const asked = ({ question, choices }: Pick<Doc, 'question' | 'choices'>) =>
  `${question}\n${choices.map((choice, i) => `${letters[i]}. ${choice}`).join('\n')}\nAnswer:`;

/** Hendrycks et al. 2021, arXiv:2009.03300; prompts of lm-evaluation-harness 0.4.13 `mmlu`: the letters are the choices. */
export const mmlu = defineTask({
  name: 'mmlu',
  version: 1,
  axis: 'factuality',
  about:
    'Questions of 57 subjects with four choices, after five solved ones of the subject; the likeliest letter counts.',
  split: 'val of every subject in the folder; the shots are the five rows of its dev',
  docs: (source: DataSource): Doc[] =>
    source.files('_val.csv').flatMap((file) => {
      const subject = file.slice(file.lastIndexOf('/') + 1, -'_val.csv'.length);
      const shots = readRows(source, question, `dev/${subject}_dev.csv`, { columns }).slice(0, shotCount);
      const heading = `The following are multiple choice questions (with answers) about ${subject.replaceAll('_', ' ')}.\n\n`;
      const solved = shots.map((shot) => `${asked(shot)} ${letters[shot.gold]}\n\n`).join('');
      return readRows(source, question, file, { columns }).map((row) => ({ subject, ...row, shots: heading + solved }));
    }),
  request: (doc) => ({
    kind: 'loglikelihood',
    context: doc.shots + asked(doc),
    continuations: letters.map((letter) => ` ${letter}`),
  }),
  metrics: {
    acc: share<Doc>('the right letter is the likeliest', {
      chance: 1 / letters.length,
      majority: (docs) => baselines(docs.map(({ gold }) => letters[gold]!)).majority,
    }),
  },
  stratum: (doc) => doc.subject,
  overlapText: (doc) => asked(doc),
  score: (doc, response) => {
    const { credit, outcome, prediction } = choiceScore(response, doc.gold);
    return {
      values: { acc: credit },
      outcome,
      target: letters[doc.gold]!,
      prediction: letters[prediction]!,
    };
  },
});
