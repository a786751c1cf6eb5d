import { PosttrainError } from '../../support/errors.ts';

/** A criterion of a rubric with a grader's verdict; points may be negative. */
export interface RubricCriterion {
  readonly points: number;
  readonly met: boolean;
}

/**
 * The score of one response: Σ points of met criteria / Σ positive points (Arora et al. 2025, arXiv:2505.08775; HealthBench). It may be
 * negative.
 *
 * @throws PosttrainError `data-invalid` for a rubric without positive points
 */
export function rubricScore(criteria: readonly RubricCriterion[]): number {
  const possible = criteria.reduce((sum, { points }) => sum + Math.max(0, points), 0);
  if (possible === 0)
    throw new PosttrainError('data-invalid', `a rubric of ${criteria.length} criteria has no positive points.`);
  return criteria.reduce((sum, { points, met }) => sum + (met ? points : 0), 0) / possible;
}

/** The mean over responses, clipped to [0, 1] afterwards; null without any. */
export function rubricMean(scores: readonly number[]): number | null {
  if (scores.length === 0) return null;
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return Math.min(1, Math.max(0, mean));
}
