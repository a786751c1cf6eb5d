import { baselines, type Classified, macroF1 } from '../../scoring/choice/classification.ts';
import { PosttrainError } from '../../support/errors.ts';
import { choiceScore } from '../choice-score.ts';
import { type DataRow, type DataSource, textOf, textsOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Doc {
  readonly question: string;
  readonly abstract: string;
  readonly decision: string;
}

const decisions = ['yes', 'no', 'maybe'];
const golds = (docs: readonly Doc[]) => docs.map(({ decision }) => decision);

const f1: AggregateMetric<Doc, Classified> = {
  kind: 'aggregate',
  about: 'mean F1 of yes, no and maybe',
  higherIsBetter: true,
  unit: 'share',
  majority: (docs) => {
    const { majorityClass } = baselines(golds(docs));
    return macroF1(golds(docs).map((gold) => ({ gold, predicted: majorityClass })));
  },
  compute: macroF1,
};

/** Jin et al. 2019, arXiv:1909.06146; prompts of lm-evaluation-harness 0.4.13 `pubmedqa`. */
export const pubmedqa = defineTask({
  name: 'pubmedqa',
  version: 1,
  axis: 'domain',
  about:
    'Questions of biomedical research with the abstract, without its conclusion; the likeliest of yes, no, maybe counts.',
  split: 'every row of the given file; pqal_train500 holds the labelled rows of training and development, not the test',
  docs: (source: DataSource): Doc[] => readRows(source, readDoc),
  request: (doc) => ({
    kind: 'loglikelihood',
    context: `Abstract: ${doc.abstract}\nQuestion: ${doc.question}\nAnswer:`,
    continuations: decisions.map((decision) => ` ${decision}`),
  }),
  metrics: {
    acc: share<Doc>('the right word is the likeliest', {
      chance: 1 / decisions.length,
      majority: (docs) => baselines(golds(docs)).majority,
    }),
    macro_f1: f1,
  },
  overlapText: (doc) => `${doc.question} ${doc.abstract}`,
  score: (doc, response) => {
    const { credit, outcome, prediction } = choiceScore(response, decisions.indexOf(doc.decision));
    const predicted = decisions[prediction]!;
    return {
      values: { acc: credit, macro_f1: { gold: doc.decision, predicted } },
      outcome,
      target: doc.decision,
      prediction: predicted,
    };
  },
});

function readDoc(row: DataRow): Doc {
  const decision = textOf(row, 'final_decision');
  if (!decisions.includes(decision))
    throw new PosttrainError(
      'data-invalid',
      `final_decision is ${JSON.stringify(decision)}, none of ${decisions.join(', ')}.`,
    );
  return { question: textOf(row, 'QUESTION'), abstract: textsOf(row, 'CONTEXTS').join('\n'), decision };
}
