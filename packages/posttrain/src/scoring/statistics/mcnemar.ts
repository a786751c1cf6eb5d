import { PosttrainError } from '../../support/errors.ts';

/** McNemar's tests of whether fixed and broken items are equally likely. Two-sided p values. */
export interface McNemarTest {
  /** 2 · Σ_{i ≤ min(b,c)} C(b+c, i) / 2^{b+c}, at most 1. It never rejects too often, and often too seldom. */
  readonly exact: number;
  /** The exact one less the probability of the observed split (Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91). */
  readonly midP: number;
  /** (b − c)² / (b + c), to be compared with χ² of 1 degree of freedom; null without discordant items. */
  readonly chiSquare: number | null;
  /** The same after Edwards' continuity correction, (|b − c| − 1)² / (b + c). */
  readonly chiSquareCorrected: number | null;
}

/**
 * @param fixed items that were wrong before and are right after
 * @param broken items that were right before and are wrong after
 * @throws PosttrainError `usage` unless both are counts
 */
export function mcnemar(fixed: number, broken: number): McNemarTest {
  for (const count of [fixed, broken]) {
    if (Number.isInteger(count) && count >= 0) continue;
    throw new PosttrainError('usage', `${fixed} fixed and ${broken} broken items.`, {
      help: 'both are whole numbers of at least 0',
    });
  }
  const n = fixed + broken;
  if (n === 0) return { exact: 1, midP: 1, chiSquare: null, chiSquareCorrected: null };
  const { tail, last } = halfBinomialTail(Math.min(fixed, broken), n);
  const gap = Math.abs(fixed - broken);
  return {
    exact: Math.min(1, 2 * tail),
    midP: Math.min(1, 2 * tail - last),
    chiSquare: gap ** 2 / n,
    chiSquareCorrected: Math.max(0, gap - 1) ** 2 / n,
  };
}

/** P(X ≤ k) and P(X = k) of X with n trials of ½. The largest term comes first, from logarithms: 2⁻ⁿ alone is 0 beyond n = 1074. */
function halfBinomialTail(k: number, n: number): { tail: number; last: number } {
  let logTerm = -n * Math.LN2;
  for (let i = 1; i <= k; i++) logTerm += Math.log((n - k + i) / i);
  const last = Math.exp(logTerm);
  let term = last;
  let tail = last;
  for (let i = k; i > 0 && term > tail * 1e-17; i--) {
    term *= i / (n - i + 1);
    tail += term;
  }
  return { tail, last };
}
