import type { Interval } from './interval.ts';
import { wilsonInterval } from './shares.ts';

/** What a judge said, by model and not by position; null where it gave no verdict. */
export type Preference = 'a' | 'b' | 'tie' | null;

/** The verdicts on one pair of answers. */
export interface JudgedPair {
  /** With the answer of `a` shown first. */
  readonly aFirst: Preference;
  /** With the answer of `b` shown first. */
  readonly bFirst: Preference;
}

export interface BothOrders {
  /** Of each pair the score of `a`: 1, 0, ½ for a tie or for verdicts that disagree; null where an order has no verdict. */
  readonly scores: readonly (number | null)[];
  /** Pairs with a verdict in both orders. */
  readonly n: number;
  /** Pairs without a verdict in one order at least. */
  readonly undecided: number;
  /** Pairs whose verdict changed with the order. */
  readonly flips: number;
  readonly flipRate: number | null;
  readonly flipInterval: Interval | null;
  /** Of the verdicts that prefer one answer, the share that prefer the one shown first; ½ for a judge without such bias. */
  readonly firstPreferred: number | null;
}

/**
 * Verdicts in both orders as scores: only what a judge says twice counts, the rest is a tie (MT-bench: Zheng et al. 2023,
 * arXiv:2306.05685). How often the order decided is reported beside.
 */
export function resolveBothOrders(pairs: readonly JudgedPair[]): BothOrders {
  const complete = pairs.filter(({ aFirst, bFirst }) => aFirst !== null && bFirst !== null);
  const n = complete.length;
  const flips = complete.filter(({ aFirst, bFirst }) => aFirst !== bFirst).length;
  const first = count(complete, ({ aFirst, bFirst }) => Number(aFirst === 'a') + Number(bFirst === 'b'));
  const second = count(complete, ({ aFirst, bFirst }) => Number(aFirst === 'b') + Number(bFirst === 'a'));
  return {
    scores: pairs.map(scoreOf),
    n,
    undecided: pairs.length - n,
    flips,
    flipRate: n === 0 ? null : flips / n,
    flipInterval: n === 0 ? null : wilsonInterval(flips, n),
    firstPreferred: first + second === 0 ? null : first / (first + second),
  };
}

function scoreOf({ aFirst, bFirst }: JudgedPair): number | null {
  if (aFirst === null || bFirst === null) return null;
  if (aFirst !== bFirst || aFirst === 'tie') return 0.5;
  return aFirst === 'a' ? 1 : 0;
}

function count<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
