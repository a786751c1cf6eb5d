import { type ClusterSums, clustersAt, scoredPositions, sumClusters } from './clusters.ts';
import { type Difference, unknownEstimate } from './estimate.ts';
import { tailOf } from './interval.ts';
import { mcnemar } from './mcnemar.ts';
import { type ClusteredOptions, effectiveItems, studentInterval } from './mean.ts';
import { normalQuantile } from './normal.ts';
import { type RobustError, robustError } from './robust-error.ts';
import { pairedShareInterval } from './shares.ts';
import { studentQuantile, studentTwoSided } from './student.ts';

/** Two models on the same items: after − before. */
export interface PairedDifference extends Difference {
  readonly before: number | null;
  readonly after: number | null;
  /** Items whose score rose; for right and wrong answers, those that became right. */
  readonly fixed: number;
  /** Items whose score fell. */
  readonly broken: number;
  /**
   * The test of `p`: exact McNemar for right and wrong answers of items that stand alone, the sign test of clusters where all of them
   * changed alike, else t.
   */
  readonly test: 'mcnemar' | 'sign' | 't' | null;
  /** McNemar's mid-p beside the exact one; null where it does not hold. */
  readonly midP: number | null;
  /** Correlation of the scores before and after; null where either does not vary. */
  readonly correlation: number | null;
  /** The error that the difference would have on different items: what pairing saves. */
  readonly unpairedError: number | null;
}

/**
 * The difference of mean scores of two models on identical items, from the differences by item (Miller 2024,
 * arXiv:2411.00640), with the errors of {@link meanEstimate}. Where every score is 0 or 1 the interval is Bonett and
 * Price's, with the effective number of items where they go together: it is not empty when no item changed.
 * An item counts only if both scores are there; the others are `missing`.
 *
 * @throws PosttrainError `usage` for lists of unequal length or a score that is not finite
 */
export function pairedDifference(
  before: readonly (number | null)[],
  after: readonly (number | null)[],
  options: ClusteredOptions = {},
): PairedDifference {
  const tail = tailOf(options.level ?? 0.95);
  const positions = scoredPositions(before, after);
  const clusters = clustersAt(options.clusters, positions, before.length);
  const x = positions.map((i) => before[i]!);
  const y = positions.map((i) => after[i]!);
  const changes = y.map((value, i) => value - x[i]!);
  const counts = {
    fixed: changes.filter((change) => change > 0).length,
    broken: changes.filter((change) => change < 0).length,
    missing: before.length - positions.length,
    n: positions.length,
  };
  if (counts.n === 0) return { ...nothingPaired, ...counts };
  const sums = sumClusters(changes, clusters);
  const error = robustError(sums);
  const binary = [...x, ...y].every((value) => value === 0 || value === 1);
  return {
    value: sums.mean,
    standardError: error?.standardError ?? null,
    ...(binary ? binaryInterval(sums, error, tail, counts) : studentInterval(sums.mean, error, tail)),
    ...(binary ? binaryTest(sums, error, counts) : studentTest(sums.mean, error)),
    before: mean(x),
    after: mean(y),
    ...counts,
    clusters: sums.sizes.length,
    ...pairing(x, y),
  };
}

const nothingPaired = {
  ...unknownEstimate,
  p: null,
  test: null,
  midP: null,
  before: null,
  after: null,
  clusters: 0,
  correlation: null,
  unpairedError: null,
} as const;

interface Changes {
  readonly fixed: number;
  readonly broken: number;
  readonly n: number;
}

function binaryInterval(sums: ClusterSums, error: RobustError | null, tail: number, { fixed, broken, n }: Changes) {
  if (sums.sizes.length === n) {
    const interval = pairedShareInterval(fixed / n, broken / n, n, -normalQuantile(tail));
    return { interval, method: 'bonett-price', df: null } as const;
  }
  if (!error) return { interval: null, method: null, df: null };
  const variance = (fixed + broken) / n - sums.mean ** 2;
  const effective = effectiveItems(variance, error, sums);
  const interval = pairedShareInterval(fixed / n, broken / n, effective, studentQuantile(1 - tail, error.df));
  return { interval, method: 'bonett-price', df: error.df } as const;
}

function exactTest({ fixed, broken }: Changes) {
  const { exact, midP } = mcnemar(fixed, broken);
  return { p: exact, midP, test: 'mcnemar' } as const;
}

/**
 * Where every cluster changed by the same share, such as when all answers became wrong, the error is 0 and t infinite: that clusters
 * went one way by chance has the probability 2 · ½^C.
 */
function binaryTest(sums: ClusterSums, error: RobustError | null, counts: Changes) {
  if (sums.sizes.length === sums.n) return exactTest(counts);
  if (!error || error.reducedBias > 0 || sums.mean === 0) return studentTest(sums.mean, error);
  return { p: mcnemar(sums.sizes.length, 0).exact, midP: null, test: 'sign' } as const;
}

/** Without spread, differences of 0 are no evidence of one; other differences have a p that nobody knows. */
function studentTest(value: number, error: RobustError | null) {
  if (!error) return { p: null, midP: null, test: null };
  if (error.reducedBias === 0) return { p: value === 0 ? 1 : null, midP: null, test: 't' } as const;
  return { p: studentTwoSided(value / error.reducedBias, error.df), midP: null, test: 't' } as const;
}

function pairing(x: readonly number[], y: readonly number[]) {
  const n = x.length;
  if (n < 2) return { correlation: null, unpairedError: null };
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return {
    correlation: xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null,
    unpairedError: Math.sqrt((xx + yy) / (n - 1) / n),
  };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
