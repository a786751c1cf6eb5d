import { PosttrainError } from '../../support/errors.ts';
import type { Difference } from './estimate.ts';
import { holm } from './holm.ts';

/** The words that a comparison may end in. */
export type VerdictWord = 'improved' | 'regressed' | 'equivalent' | 'inconclusive' | 'not comparable' | 'invalid';

export interface Verdict {
  readonly word: VerdictWord;
  /** One phrase with the numbers that decided. */
  readonly why: string;
}

export interface Evidence {
  /** after − before with its interval; p comes adjusted, see {@link verdicts}. */
  readonly difference: Pick<Difference, 'interval' | 'p' | 'n'>;
  readonly higherIsBetter: boolean;
  /** Differences up to this size do not matter, in the unit of the metric. It is set before the run, or there is none. */
  readonly margin?: number | undefined;
  /** The level of the test, 0.05 without. */
  readonly alpha?: number | undefined;
  /** Why the metric cannot be trusted, such as choices that all score the same. */
  readonly invalid?: string | undefined;
  /** Why the two sides do not measure the same thing, such as perplexities of different tokenizers. */
  readonly notComparable?: string | undefined;
}

/**
 * The word for a difference. Improved or regressed needs both an adjusted p of at most α and an interval on one side of
 * 0; equivalent, an interval inside ±margin, even where it leaves out 0, as the margin said beforehand that such
 * differences do not matter. Everything else is inconclusive: no evidence is not evidence of no change.
 *
 * @throws PosttrainError `usage` for a margin that is not above 0
 */
export function verdict(evidence: Evidence): Verdict {
  const { difference, higherIsBetter, margin, alpha = 0.05, invalid, notComparable } = evidence;
  const { interval, p, n } = difference;
  if (margin !== undefined && !(margin > 0))
    throw new PosttrainError('usage', `an equivalence margin of ${margin}.`, {
      help: 'a margin is above 0, in the unit of the metric; leave it out where no difference is too small to matter',
    });
  if (invalid !== undefined) return { word: 'invalid', why: invalid };
  if (notComparable !== undefined) return { word: 'not comparable', why: notComparable };
  if (!interval || p === null) return { word: 'inconclusive', why: `no interval from ${n} items` };
  const range = `[${short(interval.low)}, ${short(interval.high)}]`;
  if (margin !== undefined && interval.low > -margin && interval.high < margin)
    return { word: 'equivalent', why: `${range} lies inside ±${short(margin)}` };
  const facts = `${range}, p ${short(p)}`;
  if (p > alpha || (interval.low <= 0 && interval.high >= 0)) return { word: 'inconclusive', why: facts };
  return { word: interval.low > 0 === higherIsBetter ? 'improved' : 'regressed', why: facts };
}

/** Evidence with the p value of the single row. */
export type Row = Evidence;

/** The verdicts of all rows of one comparison, with Holm's adjustment across those that can be judged. */
export function verdicts(rows: readonly Row[]): (Verdict & { readonly adjusted: number | null })[] {
  const judged = (row: Row) => row.invalid === undefined && row.notComparable === undefined;
  const adjusted = holm(rows.map((row) => (judged(row) ? row.difference.p : null)));
  return rows.map((row, i) => {
    const p = adjusted[i]!;
    return { ...verdict({ ...row, difference: { ...row.difference, p } }), adjusted: p };
  });
}

const short = (x: number) => String(Number(x.toPrecision(3)));
