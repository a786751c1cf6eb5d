import { type ClusterId, type ClusterSums, clustersAt, scoredPositions, sumClusters } from './clusters.ts';
import { type Estimate, unknownEstimate } from './estimate.ts';
import { type Interval, tailOf } from './interval.ts';
import { normalQuantile } from './normal.ts';
import { type RobustError, robustError } from './robust-error.ts';
import { scoreInterval, wilsonInterval } from './shares.ts';
import { studentQuantile } from './student.ts';

export interface ClusteredOptions {
  /** The cluster of each item; without it, each item stands alone. */
  readonly clusters?: readonly ClusterId[] | undefined;
  /** Confidence level of the interval, 0.95 without. */
  readonly level?: number | undefined;
}

/**
 * The mean of item scores, its cluster-robust standard error, and an interval: Wilson's where every score is 0 or 1, with
 * the effective number of items where they go together in clusters; Student's otherwise, from the bias-reduced error and
 * its degrees of freedom (robust-error.ts). Scores that are null are left out and counted as `missing`.
 *
 * With one cluster, or scores that are all the same without being 0 or 1, nothing is known of the spread: no interval.
 *
 * @throws PosttrainError `usage` for a score that is not finite, or a list of clusters of another length
 */
export function meanEstimate(scores: readonly (number | null)[], options: ClusteredOptions = {}): Estimate {
  const tail = tailOf(options.level ?? 0.95);
  const positions = scoredPositions(scores);
  const clusters = clustersAt(options.clusters, positions, scores.length);
  const missing = scores.length - positions.length;
  if (positions.length === 0) return { ...unknownEstimate, n: 0, missing, clusters: 0 };
  const values = positions.map((i) => scores[i]!);
  const sums = sumClusters(values, clusters);
  const error = robustError(sums);
  return {
    value: sums.mean,
    standardError: error?.standardError ?? null,
    ...(values.every((value) => value === 0 || value === 1)
      ? shareInterval(sums, error, tail)
      : studentInterval(sums.mean, error, tail)),
    n: sums.n,
    missing,
    clusters: sums.sizes.length,
  };
}

type MadeInterval = Pick<Estimate, 'interval' | 'method' | 'df'>;

/** value ± t · error; nothing where there is no error, or where it is 0 and so unknown. */
export function studentInterval(value: number, error: RobustError | null, tail: number): MadeInterval {
  if (!error || error.reducedBias === 0) return { interval: null, method: null, df: null };
  const half = studentQuantile(1 - tail, error.df) * error.reducedBias;
  return { interval: { low: value - half, high: value + half }, method: 't', df: error.df };
}

function shareInterval(sums: ClusterSums, error: RobustError | null, tail: number): MadeInterval {
  const { mean, n, sizes } = sums;
  if (sizes.length === n) {
    const interval = wilsonInterval(Math.round(mean * n), n, -normalQuantile(tail));
    return { interval, method: 'wilson', df: null };
  }
  if (!error) return { interval: null, method: null, df: null };
  const effective = effectiveItems(mean * (1 - mean), error, sums);
  const interval: Interval = scoreInterval(mean, effective, studentQuantile(1 - tail, error.df));
  return { interval, method: 'wilson', df: error.df };
}

/**
 * How many independent items of this variance would give a mean of this error: at most n. Without an error, as many as
 * there are clusters, since items of a cluster may all have gone together.
 */
export function effectiveItems(variance: number, error: RobustError, { n, sizes }: ClusterSums): number {
  if (variance === 0 || error.reducedBias === 0) return sizes.length;
  return Math.min(n, Math.max(1, variance / error.reducedBias ** 2));
}
