import { balancedAccuracy, baselines } from '../../scoring/choice/classification.ts';
import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { hashSeed } from '../../support/random.ts';
import { choiceScore } from '../choice-score.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import { cuadQuestions } from './cuad-questions.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly clause: string;
  readonly text: string;
  readonly label: string;
}

interface Labelled {
  readonly clause: string;
  readonly gold: string;
  readonly predicted: string;
}

const labels = ['Yes', 'No'];

const balanced: AggregateMetric<Doc, Labelled> = {
  kind: 'aggregate',
  about: 'mean over the kinds of clause of their balanced accuracy, as LegalBench averages tasks',
  higherIsBetter: true,
  unit: 'share',
  chance: 0.5,
  majority: 0.5,
  compute: (items) => {
    const byClause = groups(items);
    const scores = [...byClause.values()].map(balancedAccuracy);
    return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  },
};

function groups(items: readonly Labelled[]): Map<string, Labelled[]> {
  const byClause = new Map<string, Labelled[]>();
  for (const item of items) {
    const own = byClause.get(item.clause);
    if (own) own.push(item);
    else byClause.set(item.clause, [item]);
  }
  return byClause;
}

/**
 * The 38 clause tasks that LegalBench made of CUAD, in one. LegalBench lets a label be written after six examples that are not in
 * this data; here the question stands alone and the likelier of its two labels counts, which a small model can do.
 */
export const legalbenchCuad = defineTask({
  name: 'legalbench_cuad',
  version: 1,
  axis: 'domain',
  about: 'Whether a clause of a contract is of a kind, for 38 kinds; the likelier of Yes and No counts.',
  split: 'every row of the given file',
  docs: (source: DataSource): Doc[] => readRows(source, readDoc),
  request: (doc) => ({
    kind: 'loglikelihood',
    context: `${cuadQuestions[doc.clause]!}\n\nClause: ${doc.text}\nLabel:`,
    continuations: labels.map((label) => ` ${label}`),
  }),
  metrics: {
    balanced_accuracy: balanced,
    acc: share<Doc>('the right label is the likelier', {
      chance: 1 / labels.length,
      majority: (docs) => baselines(docs.map(({ label }) => label)).majority,
    }),
  },
  stratum: (doc) => doc.clause,
  // The same clause is asked about in several tasks.
  cluster: (doc) => String(hashSeed(0, doc.text)),
  overlapText: (doc) => doc.text,
  score: (doc, response) => {
    const { credit, outcome, prediction } = choiceScore(response, labels.indexOf(doc.label));
    const predicted = labels[prediction]!;
    return {
      values: { balanced_accuracy: { clause: doc.clause, gold: doc.label, predicted }, acc: credit },
      outcome,
      target: doc.label,
      prediction: predicted,
    };
  },
});

function readDoc(row: DataRow): Doc {
  const [clause, label] = [textOf(row, 'task'), textOf(row, 'label')];
  if (!labels.includes(label))
    throw new PosttrainError('data-invalid', `the label ${JSON.stringify(label)} is neither Yes nor No.`);
  if (Object.hasOwn(cuadQuestions, clause)) return { clause, text: textOf(row, 'text'), label };
  throw new PosttrainError('data-invalid', `there is no question for the task ${JSON.stringify(clause)}.`, {
    help: `the nearest: ${nearestFirst(clause, Object.keys(cuadQuestions)).slice(0, 3).join(', ')}.`,
  });
}
