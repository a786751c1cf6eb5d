import { Random } from '../../support/random.ts';
import { clusterItems, effectiveClusters } from './clusters.ts';
import type { Difference } from './estimate.ts';
import { type Interval, tailOf } from './interval.ts';
import type { ClusteredOptions } from './mean.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { studentCdf, studentQuantile } from './student.ts';

export interface BootstrapOptions extends ClusteredOptions {
  /** Resamples, 2,000 without; 10,000 for a figure that is published. */
  readonly draws?: number | undefined;
  readonly seed: number;
  /** The name of the random stream, such as the task and the metric: rows do not change each other's draws. */
  readonly name: string;
}

export interface BootstrapEstimate extends Difference {
  readonly draws: number;
  /** Draws in which the statistic did not exist, such as a rate without trials. */
  readonly undefinedDraws: number;
}

/** More undefined draws than this share, and the others say nothing of the spread. */
const tolerated = 0.05;

/**
 * Any statistic of the items with a percentile interval from resampled clusters (Efron & Tibshirani 1993, ch. 13). Its
 * tails are those of Student's distribution for the effective number of clusters (Hesterberg 2015, Am. Stat. 69:371:
 * the expanded percentile interval), as plain percentiles are too narrow for few clusters.
 *
 * `p` tests that the statistic is 0, by the same tails: give a difference of two statistics on the same items.
 *
 * @param count number of items
 * @param statistic of the items at these positions, which repeat; null where it does not exist
 * @returns without interval where more than 5 % of the draws are undefined, where there are effectively fewer than 2
 *   clusters, or where the draws do not reach the tails of so few clusters: 2,000 draws do from 5 clusters on
 */
export function bootstrap(
  count: number,
  statistic: (positions: readonly number[]) => number | null,
  options: BootstrapOptions,
): BootstrapEstimate {
  const tail = tailOf(options.level ?? 0.95);
  const groups = clusterItems(count, options.clusters);
  const value = count === 0 ? null : statistic(groups.flat());
  const draws = options.draws ?? 2000;
  const found: number[] = [];
  if (value !== null && groups.length > 1) {
    for (const positions of resamples(groups, draws, options)) {
      const drawn = statistic(positions);
      if (drawn !== null) found.push(drawn);
    }
  }
  const undefinedDraws = value !== null && groups.length > 1 ? draws - found.length : 0;
  const spread = percentiles(found, draws, effectiveClusters(groups.map((items) => items.length)) - 1, tail);
  return { value, ...spread, n: count, missing: 0, clusters: groups.length, draws, undefinedDraws };
}

/** Items of clusters drawn with replacement, `draws` times, from the stream of this seed and name. */
export function* resamples(
  groups: readonly (readonly number[])[],
  draws: number,
  { seed, name }: Pick<BootstrapOptions, 'seed' | 'name'>,
): Generator<number[]> {
  const random = Random.of(seed, 'bootstrap', name);
  for (let draw = 0; draw < draws; draw++) {
    const positions: number[] = [];
    for (let c = 0; c < groups.length; c++) for (const i of random.pick(groups)) positions.push(i);
    yield positions;
  }
}

type Spread = Pick<Difference, 'interval' | 'method' | 'df' | 'standardError' | 'p'>;

/** The interval, error and p value of what was drawn, with tails for `df` degrees of freedom. */
export function percentiles(found: number[], draws: number, df: number, tail: number): Spread {
  const unknown = { interval: null, method: null, df: null, standardError: null, p: null };
  // Less than one degree of freedom: a single cluster holds most of the items.
  if (df < 1 - 1e-9 || found.length < (1 - tolerated) * draws) return unknown;
  const widen = Math.sqrt((df + 1) / df);
  const share = normalCdf(studentQuantile(tail, df) * widen);
  // The outermost draw is not far enough out: more draws of so few clusters would show a wider interval.
  if (share * (found.length + 1) < 1) return unknown;
  const sorted = Float64Array.from(found).sort();
  const interval: Interval = { low: quantile(sorted, share), high: quantile(sorted, 1 - share) };
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  const squares = sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (sorted.length - 1)) * widen;
  return { interval, method: 'bootstrap', df, standardError, p: pOfZero(sorted, df, widen) };
}

/** The p at which the interval would just touch 0. A draw is added on either side, since a p of 0 is never known. */
function pOfZero(sorted: Float64Array, df: number, widen: number): number {
  const below = sorted.filter((x) => x <= 0).length;
  const above = sorted.filter((x) => x >= 0).length;
  const share = (Math.min(below, above) + 1) / (sorted.length + 1);
  if (share >= 0.5) return 1;
  return Math.min(1, 2 * studentCdf(normalQuantile(share) / widen, df));
}

/**
 * The quantile of sorted values at position p (B + 1), between order statistics by interpolation: a next draw falls below
 * it with probability p, however few draws there are (Davison & Hinkley 1997).
 */
function quantile(sorted: Float64Array, p: number): number {
  const position = Math.min(sorted.length, Math.max(1, p * (sorted.length + 1))) - 1;
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}
