import { PosttrainError } from '../../support/errors.ts';

/**
 * Holm's step-down adjustment (1979, Scand. J. Statist. 6:65): with all rows judged at the adjusted p, the chance of any
 * false finding among them stays at its nominal rate. A null p stays null and counts for no row.
 *
 * @throws PosttrainError `usage` for a p outside [0, 1]
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const wrong = pValues.findIndex((p) => p !== null && !(p >= 0 && p <= 1));
  if (wrong >= 0)
    throw new PosttrainError('usage', `p value ${wrong} is ${pValues[wrong]}.`, {
      help: 'a p value lies between 0 and 1; positions count from 0',
    });
  const ranked = pValues
    .map((p, row) => ({ p, row }))
    .filter((entry): entry is { p: number; row: number } => entry.p !== null)
    .sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let largest = 0;
  ranked.forEach(({ p, row }, rank) => {
    largest = Math.max(largest, Math.min(1, (ranked.length - rank) * p));
    adjusted[row] = largest;
  });
  return adjusted;
}
