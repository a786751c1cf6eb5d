import { PosttrainError } from '../../support/errors.ts';

/**
 * pass@k of one item: the chance that at least one of k samples is right, without bias from n ≥ k samples of which
 * `correct` were right: 1 − C(n−c, k) / C(n, k) (Chen et al. 2021, arXiv:2107.03374, eq. 1).
 * The item is the cluster: the mean over items takes one such number of each.
 *
 * @returns null with fewer than k samples, which do not tell
 * @throws PosttrainError `usage` for counts that do not fit each other
 */
export function passAtK(samples: number, correct: number, k: number): number | null {
  checkCounts(samples, correct, k);
  const none = drawnFrom(samples, samples - correct, k);
  return none === null ? null : 1 - none;
}

/** pass^k of one item: the chance that k samples are all right, C(c, k) / C(n, k). As {@link passAtK} otherwise. */
export function passAllK(samples: number, correct: number, k: number): number | null {
  checkCounts(samples, correct, k);
  return drawnFrom(samples, correct, k);
}

/** The chance that k of n samples, drawn without replacement, are all among `of` of them. */
function drawnFrom(n: number, of: number, k: number): number | null {
  if (k > n) return null;
  let chance = 1;
  for (let i = 0; i < k; i++) chance *= Math.max(0, of - i) / (n - i);
  return chance;
}

function checkCounts(samples: number, correct: number, k: number): void {
  if ([samples, correct, k].every(Number.isInteger) && correct >= 0 && correct <= samples && k >= 1) return;
  throw new PosttrainError('usage', `${correct} of ${samples} samples are right, and k is ${k}.`, {
    help: 'all are whole numbers, 0 ≤ correct ≤ samples, and k is at least 1',
  });
}
