import { type AnswerabilityItem, abstentionScore } from '../../scoring/outcomes/abstention.ts';
import { bestRouge } from '../../scoring/text/rouge.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import {
  citationMetrics,
  citationValues,
  type Grounding,
  groundedRequest,
  type Passage,
  readGrounded,
  withDistractors,
} from './grounded.ts';
import { filesOf, readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Row extends Passage {
  readonly question: string;
  /** Long answers, each from the row's passage alone; none where it does not answer. */
  readonly answers: readonly string[];
}

interface Doc extends Omit<Row, 'text'>, Grounding {}

const answerable = (doc: Pick<Doc, 'answers'>) => doc.answers.length > 0;
const unanswerableShare = (docs: readonly Doc[]) => docs.filter((doc) => !answerable(doc)).length / docs.length;

const abstentionPrecision: AggregateMetric<Doc, AnswerabilityItem> = {
  kind: 'aggregate',
  about: 'abstentions on questions without an answer',
  higherIsBetter: true,
  unit: 'share',
  chance: unanswerableShare,
  compute: (items) => abstentionScore(items).abstentionPrecision,
};

/** Rosenthal et al. 2024, arXiv:2404.02103, with three passages of other rows beside each row's own. */
export const clapnq = defineTask({
  name: 'clapnq',
  version: 2,
  axis: 'reliability',
  about: 'Long answers from four numbered passages with citations; half of the questions have no answer in them.',
  split:
    'every row of every .jsonl file of the folder (dev_answerable and dev_unanswerable); three seeded passages of other rows stand beside each',
  docs: (source: DataSource): Doc[] => {
    const rows = filesOf(source, '.jsonl').flatMap((file) => readRows(source, readRow, file));
    return rows.map(({ text, ...row }) => ({ ...row, ...withDistractors({ ...row, text }, rows, 'clapnq') }));
  },
  request: (doc) => groundedRequest(doc.question, doc, 192),
  metrics: {
    rouge_l: share('ROUGE-L F1 with the nearest reference, answerable', { axis: 'factuality', chance: 0 }),
    coverage: share('answerable questions that are answered', { against: 'abstention_recall' }),
    abstention_recall: share('questions without an answer on which it abstains', { majority: 1, against: 'coverage' }),
    abstention_precision: abstentionPrecision,
    ...citationMetrics,
  },
  cluster: (doc) => doc.title,
  stratum: (doc) => (answerable(doc) ? 'answerable' : 'unanswerable'),
  overlapText: (doc) => doc.question,
  score: async (doc, { text }, { signal }) => {
    const answer = readGrounded(text);
    const hasAnswer = answerable(doc);
    const values = {
      rouge_l: !hasAnswer ? null : answer.abstains ? 0 : bestRouge('L', answer.text, doc.answers).f1,
      coverage: hasAnswer ? Number(!answer.abstains && !answer.empty) : null,
      abstention_recall: hasAnswer ? null : Number(answer.abstains),
      // Only who abstains is counted here.
      abstention_precision: { answerable: hasAnswer, outcome: answer.abstains ? 'abstained' : 'incorrect' } as const,
      ...(await citationValues(text, hasAnswer ? answer : { ...answer, abstains: true }, doc, signal)),
    };
    // No outcome: whether a long answer is right is no matter of words.
    return {
      values,
      target: hasAnswer ? `${doc.answers[0]!} [${doc.own}]` : 'I do not know',
      prediction: answer.empty ? null : answer.text,
      citations: answer.cited,
    };
  },
});

function readRow(row: DataRow): Row {
  const [passage, ...others] = Array.isArray(row['passages']) ? (row['passages'] as DataRow[]) : [];
  const outputs = row['output'];
  if (!passage || others.length > 0 || !Array.isArray(outputs))
    throw new PosttrainError('data-invalid', 'one passage and a list of outputs are needed.');
  return {
    id: textOf(row, 'id'),
    question: textOf(row, 'input'),
    title: textOf(passage, 'title'),
    text: textOf(passage, 'text').trim(),
    answers: (outputs as DataRow[]).map((output) => textOf(output, 'answer').trim()).filter((answer) => answer !== ''),
  };
}
