import { baselines } from '../../scoring/choice/classification.ts';
import { PosttrainError } from '../../support/errors.ts';
import { choiceScore } from '../choice-score.ts';
import { type DataRow, type DataSource, numberOf, textOf, textsOf } from '../data-source.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly question: string;
  readonly choices: readonly string[];
  readonly gold: number;
}

const letters = ['A', 'B', 'C', 'D', 'E'];

/** Talmor et al. 2019, arXiv:1811.00937; prompts of lm-evaluation-harness 0.4.13 `commonsense_qa`: the letters are the choices. */
export const commonsenseQa = defineTask({
  name: 'commonsense_qa',
  version: 1,
  axis: 'factuality',
  about: 'Everyday questions with five choices; the likeliest letter counts.',
  split: 'every row of the given file',
  docs: (source: DataSource): Doc[] => readRows(source, readDoc),
  request: (doc) => ({
    kind: 'loglikelihood',
    context: `Question: ${doc.question}\n${doc.choices.map((choice, i) => `${letters[i]}. ${choice}`).join('\n')}\nAnswer:`,
    continuations: letters.map((letter) => ` ${letter}`),
  }),
  metrics: {
    acc: share<Doc>('the right letter is the likeliest', {
      chance: 1 / letters.length,
      majority: (docs) => baselines(docs.map(({ gold }) => letters[gold]!)).majority,
    }),
  },
  overlapText: (doc) => doc.question,
  score: (doc, response) => {
    const { credit, outcome, prediction } = choiceScore(response, doc.gold);
    return { values: { acc: credit }, outcome, target: letters[doc.gold]!, prediction: letters[prediction]! };
  },
});

function readDoc(row: DataRow): Doc {
  const choices = textsOf(row, 'choices');
  const gold = numberOf(row, 'answer');
  if (choices.length !== letters.length || !Number.isInteger(gold) || gold < 0 || gold >= choices.length)
    throw new PosttrainError(
      'data-invalid',
      `it has ${choices.length} choices and the answer ${gold}; five and 0 to 4 are needed.`,
    );
  return { question: textOf(row, 'question').trim(), choices, gold };
}
