import { PosttrainError } from '../../support/errors.ts';
import { normalCdf } from './normal.ts';
import { studentQuantile } from './student.ts';

/**
 * The difference of two shares on the same `n` items that a two-sided test at 5 % finds four times in five, about:
 * 2.8 · √(discordant / n), where 2.8 is the sum of the normal's 97.5 % and 80 % points.
 * The exact test needs more on small sets, see {@link detectableDifference}.
 *
 * @param discordant share of the items on which the two models differ
 * @returns a difference of shares; null without items
 */
export function minimumDetectableEffect(n: number, discordant: number): number | null {
  checkDesign(n, discordant);
  return n === 0 ? null : 2.8 * Math.sqrt(discordant / n);
}

/**
 * The probability that a two-sided t test finds a true `effect`, given the standard error it will have: the noncentral t
 * distribution, as P(|Z + effect/error| > t_{1−α/2} · s) averaged over the relative error s = √(χ²_df / df).
 */
export function testPower(effect: number, standardError: number, df: number, alpha = 0.05): number {
  const critical = studentQuantile(1 - alpha / 2, df);
  const shift = effect / standardError;
  const found = (s: number) => normalCdf(shift - critical * s) + normalCdf(-shift - critical * s);
  // Beyond ten standard deviations of s there is nothing; the weights are left unnormalised, as only their ratio counts.
  const reach = 10 / Math.sqrt(2 * df);
  const steps = 2000;
  let [power, weights] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const s = Math.max(0, 1 - reach) + ((i + 0.5) / steps) * (1 + reach - Math.max(0, 1 - reach));
    const weight = Math.exp((df - 1) * Math.log(s) - (df * (s * s - 1)) / 2);
    power += weight * found(s);
    weights += weight;
  }
  return power / weights;
}

/** The effect that a two-sided t test of this standard error finds with probability `power`; 0 where it finds none as often. */
export function detectableEffect(standardError: number, df: number, { alpha = 0.05, power = 0.8 } = {}): number {
  const lacking = (x: number) => testPower(x, 1, df, alpha) - power;
  let low = { x: 0, y: lacking(0) };
  if (low.y >= 0) return 0;
  let high = { x: studentQuantile(1 - alpha / 2, df), y: 0 };
  for (high.y = lacking(high.x); high.y < 0; high.y = lacking(high.x)) {
    low = { ...high };
    high.x *= 2;
  }
  // Regula falsi: each value costs a quadrature. An end that stays twice is weighed half (Illinois), else it would stay for ever.
  let side = 0;
  while (high.x - low.x > 1e-8 * high.x) {
    const x = (low.x * high.y - high.x * low.y) / (high.y - low.y);
    const y = lacking(x);
    if (Math.abs(y) < 1e-10) return standardError * x;
    const repeated = Math.sign(y) === side ? 0.5 : 1;
    if (y < 0)
      [low, high] = [
        { x, y },
        { ...high, y: high.y * repeated },
      ];
    else
      [low, high] = [
        { ...low, y: low.y * repeated },
        { x, y },
      ];
    side = Math.sign(y);
  }
  return standardError * high.x;
}

/** The smallest x up to `high` that is enough, to one part in 10⁸, where every larger one is too. */
function smallest(high: number, enough: (x: number) => boolean): number {
  let low = 0;
  let top = high;
  while (top - low > 1e-8 * top) {
    const middle = (low + top) / 2;
    if (enough(middle)) top = middle;
    else low = middle;
  }
  return top;
}

export interface PairedDesign {
  readonly n: number;
  /** Share of the items on which the two models differ. */
  readonly discordant: number;
  readonly alpha?: number;
}

/**
 * The exact probability that McNemar's exact test finds a true `difference` of two shares: over all numbers m of
 * discordant items, and of fixed ones among them with probability ½ (1 + difference / discordant).
 *
 * @throws PosttrainError `usage` for a difference beyond `discordant`
 */
export function mcnemarPower({ n, discordant, alpha = 0.05 }: PairedDesign, difference: number): number {
  checkDesign(n, discordant);
  if (Math.abs(difference) > discordant)
    throw new PosttrainError('usage', `a difference of ${difference} with ${discordant} of the items discordant.`, {
      help: 'two models differ by at most the share of items on which they differ',
    });
  if (n === 0 || discordant === 0) return 0;
  return powerOver(criticalCounts(n, alpha), n, discordant, difference);
}

/**
 * The smallest difference that McNemar's exact test finds with probability `power`.
 *
 * @returns a difference of shares; null where even the largest, `discordant`, is found less often
 */
export function detectableDifference({ n, discordant, alpha = 0.05 }: PairedDesign, power = 0.8): number | null {
  checkDesign(n, discordant);
  if (n === 0 || discordant === 0) return null;
  const critical = criticalCounts(n, alpha);
  if (powerOver(critical, n, discordant, discordant) < power) return null;
  return smallest(discordant, (difference) => powerOver(critical, n, discordant, difference) >= power);
}

/** For m = 0 … n discordant items, the largest count of the rarer kind that the exact test rejects at; −1 for none. */
function criticalCounts(n: number, alpha: number): Int32Array {
  const critical = new Int32Array(n + 1).fill(-1);
  const term = binomialTerms(n);
  let k = -1;
  let tail = 0;
  for (let m = 1; m <= n; m++) {
    // P(X ≤ k) of m trials from that of m − 1 by Pascal's rule.
    if (k >= 0) tail -= 0.5 * term(m - 1, k, 0.5);
    while (2 * (k + 1) < m && 2 * (tail + term(m, k + 1, 0.5)) <= alpha) tail += term(m, ++k, 0.5);
    critical[m] = k;
  }
  return critical;
}

function powerOver(critical: Int32Array, n: number, discordant: number, difference: number): number {
  const term = binomialTerms(n);
  const fixed = 0.5 * (1 + difference / discordant);
  const spread = 8 * Math.sqrt(n * discordant * (1 - discordant)) + 8;
  let power = 0;
  const last = Math.min(n, Math.ceil(n * discordant + spread));
  for (let m = Math.max(0, Math.floor(n * discordant - spread)); m <= last; m++) {
    let rejected = 0;
    for (let k = 0; k <= critical[m]!; k++) rejected += term(m, k, fixed) + term(m, k, 1 - fixed);
    power += term(n, m, discordant) * rejected;
  }
  return power;
}

/** P(X = k) of m ≤ n trials of probability p. */
function binomialTerms(n: number): (m: number, k: number, p: number) => number {
  const logFactorial = new Float64Array(n + 1);
  for (let i = 2; i <= n; i++) logFactorial[i] = logFactorial[i - 1]! + Math.log(i);
  return (m, k, p) => {
    if (p === 0 || p === 1) return (p === 0 ? k === 0 : k === m) ? 1 : 0;
    const ways = logFactorial[m]! - logFactorial[k]! - logFactorial[m - k]!;
    return Math.exp(ways + k * Math.log(p) + (m - k) * Math.log1p(-p));
  };
}

function checkDesign(n: number, discordant: number): void {
  if (Number.isInteger(n) && n >= 0 && discordant >= 0 && discordant <= 1) return;
  throw new PosttrainError('usage', `${n} items of which a share of ${discordant} is discordant.`, {
    help: 'n is a whole number of at least 0, and a share lies between 0 and 1',
  });
}
