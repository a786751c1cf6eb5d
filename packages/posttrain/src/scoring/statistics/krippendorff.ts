import { PosttrainError } from '../../support/errors.ts';

/** How far apart two values are: the same or not; ranks; numbers. */
export type AlphaMetric = 'nominal' | 'ordinal' | 'interval';

export interface Alpha {
  /** 1 for perfect agreement, 0 for chance; null where nothing is comparable or all values are the same. */
  readonly alpha: number | null;
  /** Units with two or more values, which alone tell of agreement. */
  readonly units: number;
  /** Values in those units. */
  readonly values: number;
  /** Units with one value or none. */
  readonly unpaired: number;
}

/**
 * Krippendorff's alpha for any number of coders and missing values (Krippendorff 2011, "Computing Krippendorff's
 * Alpha-Reliability"): α = 1 − (n − 1) · Σ o_ck δ²_ck / Σ n_c n_k δ²_ck over the coincidences o_ck of values c, k.
 *
 * @param ratings of each unit, the value of each coder; null where a coder gave none
 * @throws PosttrainError `usage` for words under a metric that needs numbers
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (string | number | null)[])[],
  metric: AlphaMetric = 'nominal',
): Alpha {
  const present = ratings.map((unit) => unit.filter((value) => value !== null));
  const paired = present.filter((unit) => unit.length > 1);
  const counts = {
    units: paired.length,
    values: paired.reduce((sum, unit) => sum + unit.length, 0),
    unpaired: ratings.length - paired.length,
  };
  const values = distinctValues(paired, metric);
  const index = new Map(values.map((value, i) => [value, i]));
  const coincidences = values.map(() => values.map(() => 0));
  for (const unit of paired)
    for (const [i, c] of unit.entries())
      for (const [j, k] of unit.entries())
        if (i !== j) coincidences[index.get(c)!]![index.get(k)!]! += 1 / (unit.length - 1);
  const totals = coincidences.map((row) => row.reduce((a, b) => a + b, 0));
  const distance = distances(values, totals, metric);
  let [observed, expected] = [0, 0];
  coincidences.forEach((row, c) => {
    row.forEach((coincidence, k) => {
      observed += coincidence * distance(c, k);
      expected += totals[c]! * totals[k]! * distance(c, k);
    });
  });
  return { alpha: expected === 0 ? null : 1 - ((counts.values - 1) * observed) / expected, ...counts };
}

function distinctValues(units: readonly (readonly (string | number)[])[], metric: AlphaMetric): (string | number)[] {
  const values = [...new Set(units.flat())];
  if (metric === 'nominal') return values;
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw new PosttrainError('usage', `Krippendorff's alpha with metric ${metric} over the value "${wrong}".`, {
      help: 'ordinal and interval need numbers; give words to nominal, or number the words in their order',
    });
  return values.sort((a, b) => Number(a) - Number(b));
}

/** δ² of two values by their positions; for ranks, of the values in order, (Σ_{g=c}^{k} n_g − (n_c + n_k) / 2)². */
function distances(values: readonly (string | number)[], totals: readonly number[], metric: AlphaMetric) {
  return (c: number, k: number): number => {
    if (c === k) return 0;
    if (metric === 'nominal') return 1;
    if (metric === 'interval') return (Number(values[c]) - Number(values[k])) ** 2;
    const between = totals.slice(Math.min(c, k), Math.max(c, k) + 1).reduce((a, b) => a + b, 0);
    return (between - (totals[c]! + totals[k]!) / 2) ** 2;
  };
}
