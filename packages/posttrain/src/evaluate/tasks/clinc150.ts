import type { Classified } from '../../scoring/choice/classification.ts';
import { intentScore } from '../../scoring/intent/out-of-scope.ts';
import { PosttrainError } from '../../support/errors.ts';
import { choiceScore } from '../choice-score.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import { clincIntents } from './clinc150-intents.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly message: string;
  /** One of the 150, or `oos`. */
  readonly intent: string;
  readonly shots: string;
}

const outOfScope = 'oos';
const classes = [...clincIntents, outOfScope];
/** What the model judges: words instead of the data's labels. */
const names = classes.map((name) => (name === outOfScope ? 'out of scope' : name.replaceAll('_', ' ')));
/** Every thirtieth intent is shown once, and one message that fits none. */
const shownEvery = 30;

const precision: AggregateMetric<Doc, Classified> = {
  kind: 'aggregate',
  about: 'messages called out of scope that are so',
  higherIsBetter: true,
  unit: 'share',
  chance: (docs) => docs.filter(({ intent }) => intent === outOfScope).length / docs.length,
  compute: (items) => intentScore(items).outOfScopePrecision,
};

/**
 * Larson et al. 2019, arXiv:1909.02027, in a form that a small model can do: the log-likelihood of each intent's name per character,
 * after six shown messages. It measures whether the name fits the message, not a classifier with a head for each intent.
 */
export const clinc150 = defineTask({
  name: 'clinc150',
  version: 1,
  axis: 'intent',
  about:
    'The intent of a message among 150, or none; the name that is likeliest per character counts, after six examples.',
  split: 'every row of val.jsonl and oos_val.jsonl; the examples are rows of train.jsonl and oos_train.jsonl',
  docs: (source: DataSource): Doc[] => {
    const shots = readShots(source);
    return ['val.jsonl', 'oos_val.jsonl'].flatMap((file) =>
      readRows(source, readRow, file).map((row) => ({ ...row, shots })),
    );
  },
  request: (doc) => ({
    kind: 'loglikelihood',
    context: `${doc.shots}Message: ${doc.message}\nIntent:`,
    continuations: names.map((name) => ` ${name}`),
  }),
  metrics: {
    in_scope_accuracy: share('right among messages that fit an intent', {
      chance: 1 / classes.length,
      majority: majorityInScope,
    }),
    out_of_scope_recall: share('messages that fit none and are called so', { chance: 1 / classes.length, majority: 0 }),
    out_of_scope_precision: precision,
  },
  overlapText: (doc) => doc.message,
  score: (doc, response) => {
    const gold = classes.indexOf(doc.intent);
    const { credit, outcome, prediction } = choiceScore(response, gold, { texts: names, rule: 'perCharacter' });
    const predicted = classes[prediction]!;
    const inScope = doc.intent !== outOfScope;
    return {
      values: {
        in_scope_accuracy: inScope ? credit : null,
        out_of_scope_recall: inScope ? null : credit,
        out_of_scope_precision: { gold: doc.intent, predicted },
      },
      // To call a message out of scope that is not is to abstain.
      outcome: inScope && predicted === outOfScope ? 'abstained' : outcome,
      target: doc.intent,
      prediction: predicted,
    };
  },
});

function majorityInScope(docs: readonly Doc[]): number | null {
  const inScope = docs.filter(({ intent }) => intent !== outOfScope);
  const counts = clincIntents.map((name) => inScope.filter(({ intent }) => intent === name).length);
  return inScope.length === 0 ? null : Math.max(...counts) / inScope.length;
}

function readShots(source: DataSource): string {
  const train = readRows(source, readRow, 'train.jsonl');
  const shown = clincIntents.filter((_, i) => i % shownEvery === 0);
  const rows = shown.map((name) => {
    const row = train.find(({ intent }) => intent === name);
    if (row) return row;
    throw new PosttrainError(
      'data-invalid',
      `train.jsonl has no message of the intent ${name}, which the prompt shows.`,
    );
  });
  const none = readRows(source, readRow, 'oos_train.jsonl').slice(0, 1);
  return [...rows, ...none]
    .map(({ message, intent }) => `Message: ${message}\nIntent: ${names[classes.indexOf(intent)]}\n\n`)
    .join('');
}

function readRow(row: DataRow): Omit<Doc, 'shots'> {
  const intent = textOf(row, 'intent');
  if (!classes.includes(intent))
    throw new PosttrainError(
      'data-invalid',
      `the intent ${JSON.stringify(intent)} is none of CLINC150's 150, and not oos.`,
    );
  return { message: textOf(row, 'text'), intent };
}
