import { type AnswerabilityItem, abstentionScore } from '../../scoring/outcomes/abstention.ts';
import { containsAnswerWords, exactMatch, tokenF1 } from '../../scoring/text/answer-match.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { DataSource } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import { citationMetrics, citationValues, type GroundedAnswer, groundedRequest, readGrounded } from './grounded.ts';
import { type QuestionRow, readQuestion } from './question-rows.ts';
import { readRows } from './read-rows.ts';
import { share } from './share-metric.ts';

const answerable = ({ answers }: QuestionRow) => answers.length > 0;

const abstention = (
  about: string,
  read: (score: ReturnType<typeof abstentionScore>) => number | null,
  chance: ((docs: readonly QuestionRow[]) => number | null) | null,
): AggregateMetric<QuestionRow, AnswerabilityItem> => ({
  kind: 'aggregate',
  about,
  axis: 'reliability',
  higherIsBetter: true,
  unit: 'share',
  chance,
  compute: (items) => read(abstentionScore(items)),
});

const answerMetrics = {
  exact_match: share('the answer is a right one, whatever its case, articles and punctuation', { chance: 0 }),
  answer_f1: share('words shared with the nearest right answer', { chance: 0 }),
  answer_contained: share('a right answer occurs, whatever else does', { chance: 0 }),
  coverage: share('questions with an answer that are answered, rightly or wrongly', {
    axis: 'reliability',
    against: 'abstention_recall',
  }),
  abstention_recall: share('questions without an answer on which it abstains', {
    axis: 'reliability',
    against: 'coverage',
  }),
  right_when_answering: abstention(
    'right among the answered questions that have an answer',
    (score) => score.accuracyWhenAnswering,
    null,
  ),
  f1_when_answering: share('words shared with the nearest right answer, of the answers given to them', {
    axis: 'reliability',
    chance: 0,
  }),
  abstention_precision: abstention(
    'abstentions on questions without an answer',
    (score) => score.abstentionPrecision,
    (docs) => docs.filter((doc) => !answerable(doc)).length / docs.length,
  ),
} as const;

function answerScore(doc: QuestionRow, answer: GroundedAnswer) {
  const has = answerable(doc);
  const contained = has ? containsAnswerWords(answer.text, doc.answers) : 0;
  const abstains = answer.abstains && contained === 0;
  const outcome = answer.empty
    ? ('unparseable' as const)
    : abstains
      ? ('abstained' as const)
      : contained === 1
        ? ('correct' as const)
        : ('incorrect' as const);
  const item: AnswerabilityItem = { answerable: has, outcome };
  return {
    abstains,
    outcome,
    target: has ? doc.answers[0]! : 'I do not know',
    prediction: answer.empty ? null : answer.text,
    values: {
      exact_match: has ? exactMatch(answer.text, doc.answers) : null,
      answer_f1: has ? tokenF1(answer.text, doc.answers) : null,
      answer_contained: has ? contained : null,
      coverage: has ? Number(!abstains && !answer.empty) : null,
      abstention_recall: has ? null : Number(abstains),
      right_when_answering: item,
      f1_when_answering: has && !abstains && !answer.empty ? tokenF1(answer.text, doc.answers) : null,
      abstention_precision: item,
    },
  };
}

const common = {
  version: 1,
  data: 'qa',
  split: 'every row of the given file',
  overlapText: (doc: QuestionRow) => doc.question,
  cluster: (doc: QuestionRow) => doc.cluster,
  stratum: (doc: QuestionRow) => doc.stratum,
} as const;

/** One's own questions, answered from what the model knows. */
export const ownQuestions = defineTask({
  ...common,
  name: 'qa',
  axis: 'factuality',
  about: 'Your own questions, from the question alone: sources in the file are not shown.',
  docs: (source: DataSource): QuestionRow[] => readRows(source, readQuestion),
  request: ({ question }) => ({
    kind: 'generate',
    prompt: `Answer the question in a few words. If you do not know, write: I do not know.\n\nQuestion: ${question}\nAnswer:`,
    maxTokens: 96,
    stop: ['\n\n', '\nQuestion:'],
  }),
  metrics: answerMetrics,
  score: (doc, { text }) => {
    const { abstains: _, ...score } = answerScore(doc, readGrounded(text));
    return score;
  },
});

/** One's own questions, answered from the sources of their rows. */
export const groundedQuestions = defineTask({
  ...common,
  name: 'grounded_qa',
  axis: 'factuality',
  about: 'Your own questions, from the numbered sources of their rows, with citations.',
  docs: (source: DataSource): QuestionRow[] =>
    readRows(source, (row) => {
      const question = readQuestion(row);
      if (question.sources.length > 0) return question;
      throw new PosttrainError('data-invalid', 'it has neither "sources" nor "context".', {
        help: 'give every row its sources, or ask the file without them as the task qa.',
      });
    }),
  request: (doc) => groundedRequest(doc.question, { sources: doc.sources, own: doc.cites }, 192),
  metrics: {
    ...answerMetrics,
    ...citationMetrics,
    own_source: share('answers that cite what the row says holds the answer, and nothing else', { axis: 'citations' }),
  },
  score: async (doc, { text }, { signal }) => {
    const answer = readGrounded(text);
    const { abstains, values, ...score } = answerScore(doc, answer);
    // Where nothing can be known there is nothing to cite.
    const silent = { ...answer, abstains: abstains || !answerable(doc) };
    const cited = await citationValues(text, silent, { sources: doc.sources, own: doc.cites }, signal);
    return { ...score, values: { ...values, ...cited }, citations: answer.cited };
  },
});
