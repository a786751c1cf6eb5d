import type { Interval } from './interval.ts';

/** How an interval was made; a report prints it beside the numbers. */
export type IntervalMethod = 't' | 'wilson' | 'bonett-price' | 'bootstrap';

/** A number with what is known about it. Whatever the items do not tell is null, with `n` beside, and never 0. */
export interface Estimate {
  readonly value: number | null;
  readonly standardError: number | null;
  /** Degrees of freedom of the interval; null where it uses the normal distribution or does not exist. */
  readonly df: number | null;
  readonly interval: Interval | null;
  readonly method: IntervalMethod | null;
  /** Items that counted. */
  readonly n: number;
  /** Items left out, as their score is null: the scorer does not apply, or there is none. */
  readonly missing: number;
  /** Groups of items that go together, such as questions about one document; n where all items stand alone. */
  readonly clusters: number;
}

/** An estimated difference, after − before. */
export interface Difference extends Estimate {
  /** Two-sided p value of the hypothesis that the difference is 0. */
  readonly p: number | null;
}

export const unknownEstimate = { value: null, standardError: null, df: null, interval: null, method: null } as const;
