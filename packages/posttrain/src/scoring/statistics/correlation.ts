import { PosttrainError } from '../../support/errors.ts';

/** Pearson's correlation, −1 to 1; null where either list does not vary, or has fewer than two items. */
export function pearson(x: readonly number[], y: readonly number[]): number | null {
  if (x.length !== y.length)
    throw new PosttrainError('usage', `${x.length} numbers on one side, ${y.length} on the other.`, {
      help: 'both list the same items in the same order',
    });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [i, value] of x.entries()) {
    xx += (value - mx) ** 2;
    yy += (y[i]! - my) ** 2;
    xy += (value - mx) * (y[i]! - my);
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

/** Spearman's: Pearson's correlation of ranks, equal values sharing their mean rank. */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  return pearson(ranks(x), ranks(y));
}

/** Ranks from 1; equal values have the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const out = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) out[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return out;
}
