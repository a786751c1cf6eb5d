import { containsAnswerWords, tokenF1 } from '../../scoring/text/answer-match.ts';
import { PosttrainError } from '../../support/errors.ts';
import { type DataRow, type DataSource, textOf } from '../data-source.ts';
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
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

interface Row extends Passage {
  readonly question: string;
  readonly answers: readonly string[];
}

interface Doc extends Omit<Row, 'text'>, Grounding {}

/**
 * Artetxe et al. 2020, arXiv:1910.11856, with sources: each question has its own paragraph and three of other articles, none of which
 * holds the answer's words.
 */
export const xquad = defineTask({
  name: 'xquad',
  version: 2,
  axis: 'factuality',
  about: 'Questions on four numbered paragraphs, one of which answers; short answers with citations.',
  split: 'every row of the given file; three seeded paragraphs of other articles stand beside each',
  docs: (source: DataSource): Doc[] => {
    const rows = readRows(source, readRow);
    return rows.map(({ text, ...row }) => ({
      ...row,
      ...withDistractors({ ...row, text }, rows, 'xquad', (other) => containsAnswerWords(other, row.answers) === 0),
    }));
  },
  request: (doc) => groundedRequest(doc.question, doc, 64),
  metrics: {
    answer_f1: share('words shared with the right answer', { chance: 0 }),
    answer_contained: share('the right answer occurs, whatever else does', { chance: 0 }),
    coverage: share('questions answered, rightly or wrongly', {
      axis: 'reliability',
      against: 'f1_when_answering',
    }),
    f1_when_answering: share('words shared with the right answer, of the answers given', {
      axis: 'reliability',
      chance: 0,
      against: 'coverage',
    }),
    ...citationMetrics,
  },
  cluster: (doc) => doc.title,
  overlapText: (doc) => doc.question,
  score: async (doc, { text }, { signal }) => {
    const answer = readGrounded(text);
    const contained = containsAnswerWords(answer.text, doc.answers);
    const abstains = answer.abstains && contained === 0;
    const f1 = tokenF1(answer.text, doc.answers);
    const answered = !abstains && !answer.empty;
    return {
      values: {
        answer_f1: f1,
        answer_contained: contained,
        coverage: Number(answered),
        f1_when_answering: answered ? f1 : null,
        ...(await citationValues(text, { ...answer, abstains }, doc, signal)),
      },
      outcome: answer.empty ? 'unparseable' : abstains ? 'abstained' : contained === 1 ? 'correct' : 'incorrect',
      target: `${doc.answers[0]!} [${doc.own}]`,
      prediction: answer.empty ? null : answer.text,
      citations: answer.cited,
    };
  },
});

function readRow(row: DataRow): Row {
  const given: unknown = row['answers'];
  const answers = Array.isArray(given)
    ? given.map((one: unknown) => (one as { readonly text?: unknown } | null)?.text)
    : [];
  if (answers.length === 0 || !answers.every((answer) => typeof answer === 'string'))
    throw new PosttrainError('data-invalid', '"answers" is no list of objects with a "text".');
  return {
    id: textOf(row, 'id'),
    title: textOf(row, 'title'),
    text: textOf(row, 'context'),
    question: textOf(row, 'question'),
    answers,
  };
}
