import { PosttrainError } from '../../support/errors.ts';

export interface Agreement {
  /** Share of the items with the same label; null without items. */
  readonly agreement: number | null;
  /** The share expected from the two distributions of labels alone. */
  readonly expected: number | null;
  /** Cohen's κ = (agreement − expected) / (1 − expected); null where chance alone agrees always. */
  readonly kappa: number | null;
  readonly n: number;
  /** Items that one of the two did not label. */
  readonly missing: number;
}

/**
 * How far two raters agree on the same items (Cohen 1960, Educ. Psychol. Meas. 20:37).
 * For an interval, give its `kappa` to `bootstrap`.
 *
 * @param one labels of the first rater; null where there is none
 * @throws PosttrainError `usage` for lists of unequal length
 */
export function agreement(
  one: readonly (string | number | boolean | null)[],
  other: readonly (string | number | boolean | null)[],
): Agreement {
  if (one.length !== other.length)
    throw new PosttrainError('usage', `${one.length} labels of one rater, but ${other.length} of the other.`, {
      help: 'both list the same items in the same order; null stands where a rater gave no label',
    });
  const both = one.map((_, i) => i).filter((i) => one[i] !== null && other[i] !== null);
  const n = both.length;
  const missing = one.length - n;
  if (n === 0) return { agreement: null, expected: null, kappa: null, n, missing };
  const same = both.filter((i) => one[i] === other[i]).length / n;
  const share = (labels: typeof one, label: string | number | boolean | null) =>
    both.filter((i) => labels[i] === label).length / n;
  const labels = new Set(both.map((i) => one[i]!));
  const expected = [...labels].reduce<number>((sum, label) => sum + share(one, label) * share(other, label), 0);
  // Both always gave one and the same label: 1 up to rounding of sums of shares, here exactly.
  return { agreement: same, expected, kappa: expected === 1 ? null : (same - expected) / (1 - expected), n, missing };
}
