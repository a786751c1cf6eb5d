import { PosttrainError } from '../../support/errors.ts';
import { type Outcome, outcomes } from '../contract.ts';

export type OutcomeCounts = Readonly<Record<Outcome, number>> & { readonly total: number };

/** Counts outcomes; every answer is in exactly one of the four. */
export function countOutcomes(items: readonly Outcome[]): OutcomeCounts {
  const counts: Record<Outcome, number> = { correct: 0, incorrect: 0, abstained: 0, unparseable: 0 };
  for (const outcome of items) counts[outcome]++;
  return { ...counts, total: items.length };
}

export interface AttemptedScore {
  readonly counts: OutcomeCounts;
  /** Correct over all. */
  readonly correct: number;
  /** Correct over attempted; 0 where nothing was attempted. */
  readonly correctGivenAttempted: number;
  /** The harmonic mean of the two. */
  readonly f1: number;
}

/**
 * SimpleQA's three numbers (Wei et al. 2024, arXiv:2411.04368): correct, incorrect, not attempted. An unparseable answer is an
 * attempt that failed, so that writing nonsense never scores above being wrong; `counts` keeps it apart.
 */
export function attemptedScore(items: readonly Outcome[]): AttemptedScore {
  const counts = requireSome(items);
  const attempted = counts.correct + counts.incorrect + counts.unparseable;
  const correct = counts.correct / counts.total;
  const given = attempted === 0 ? 0 : counts.correct / attempted;
  return {
    counts,
    correct,
    correctGivenAttempted: given,
    f1: correct === 0 ? 0 : (2 * correct * given) / (correct + given),
  };
}

/**
 * The score under which answering pays exactly where one is right with probability above t: (c − w·t/(1−t))/n, abstentions 0
 * (Kalai et al. 2025, arXiv:2509.04664). Wrong are incorrect and unparseable answers.
 *
 * @param threshold t, 0 ≤ t < 1
 */
export function thresholdScore(items: readonly Outcome[], threshold: number): number {
  const counts = requireSome(items);
  return (counts.correct + (counts.incorrect + counts.unparseable) * wrongAnswerReward(threshold)) / counts.total;
}

/** What a wrong answer earns so that abstaining (0) is best below confidence t: −t/(1−t). */
export function wrongAnswerReward(threshold: number): number {
  if (!(threshold >= 0 && threshold < 1))
    throw new PosttrainError('usage', `confidence threshold ${threshold} is not in [0, 1).`, {
      help: 'at 0 a wrong answer costs nothing, at .5 as much as a right one earns, at .75 three times that',
    });
  return threshold === 0 ? 0 : -threshold / (1 - threshold);
}

function requireSome(items: readonly Outcome[]): OutcomeCounts {
  const unknown = items.find((outcome) => !outcomes.includes(outcome));
  if (unknown !== undefined)
    throw new PosttrainError('usage', `outcome "${unknown}" is none of ${outcomes.join(', ')}.`);
  if (items.length === 0) throw new PosttrainError('usage', 'the score of no answers is undefined.');
  return countOutcomes(items);
}
