import { PosttrainError } from '../../support/errors.ts';
import type { Outcome } from '../contract.ts';

/** An answer to a question that has an answer, or has none. */
export interface AnswerabilityItem {
  readonly answerable: boolean;
  readonly outcome: Outcome;
}

/** Shares; null where there is no row of the kind. */
export interface AbstentionScore {
  /** Answered, rightly or wrongly, over answerable: 1 − over-abstention. */
  readonly coverage: number | null;
  /** Abstained over answerable. */
  readonly overAbstention: number | null;
  /** Correct over answerable. */
  readonly answerableAccuracy: number | null;
  /** Correct over answered, among answerable. */
  readonly accuracyWhenAnswering: number | null;
  /** Abstained over unanswerable. */
  readonly abstentionRecall: number | null;
  /** Unanswerable over abstained. */
  readonly abstentionPrecision: number | null;
  /** The mean of the accuracies on answerable and unanswerable rows: always answering and always abstaining reach at most ½. */
  readonly balanced: number | null;
  readonly answerable: number;
  readonly unanswerable: number;
}

/**
 * How well a model knows when not to answer. On an unanswerable row the right thing is to abstain, so `correct` cannot occur there.
 *
 * @throws PosttrainError `usage` for an unanswerable row called correct
 */
export function abstentionScore(items: readonly AnswerabilityItem[]): AbstentionScore {
  const answerable = items.filter((item) => item.answerable).map((item) => item.outcome);
  const unanswerable = items.filter((item) => !item.answerable).map((item) => item.outcome);
  if (unanswerable.includes('correct'))
    throw new PosttrainError('usage', 'an unanswerable row has the outcome correct.', {
      help: 'a row without an answer is either abstained on or answered wrongly',
    });
  const abstainedRight = count(unanswerable, 'abstained');
  const abstainedWrong = count(answerable, 'abstained');
  const answered = answerable.length - abstainedWrong;
  const answerableAccuracy = ratio(count(answerable, 'correct'), answerable.length);
  const abstentionRecall = ratio(abstainedRight, unanswerable.length);
  return {
    coverage: ratio(answered, answerable.length),
    overAbstention: ratio(abstainedWrong, answerable.length),
    answerableAccuracy,
    accuracyWhenAnswering: ratio(count(answerable, 'correct'), answered),
    abstentionRecall,
    abstentionPrecision: ratio(abstainedRight, abstainedRight + abstainedWrong),
    balanced:
      answerableAccuracy === null || abstentionRecall === null ? null : (answerableAccuracy + abstentionRecall) / 2,
    answerable: answerable.length,
    unanswerable: unanswerable.length,
  };
}

function count(outcomes: readonly Outcome[], wanted: Outcome): number {
  return outcomes.filter((outcome) => outcome === wanted).length;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
