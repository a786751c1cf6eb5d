import { normalCdf, normalQuantile } from './normal.ts';

/** From here on Wallace's transformation to the normal is right to 12 digits, and the continued fraction is slow. */
const manyDegrees = 1e5;

/**
 * P(T ≤ t) of Student's distribution with `df` degrees of freedom, which need not be whole.
 * NaN unless df > 0.
 */
export function studentCdf(t: number, df: number): number {
  if (!(df > 0) || Number.isNaN(t)) return Number.NaN;
  return t > 0 ? 1 - upperTail(t, df) : upperTail(-t, df);
}

/** P(|T| ≥ |t|), the p value of a two-sided t test. */
export function studentTwoSided(t: number, df: number): number {
  return Math.min(1, 2 * studentCdf(-Math.abs(t), df));
}

/** The t with P(T ≤ t) = p, for 0 < p < 1 and df > 0. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1 && df > 0)) return Number.NaN;
  if (p === 0.5) return 0;
  const tail = Math.min(p, 1 - p);
  const t = tailQuantile(tail, df);
  return p < 0.5 ? -t : t;
}

/** Newton's method on P(T > t) = tail, kept between bounds that always hold the root. */
function tailQuantile(tail: number, df: number): number {
  let low = 0;
  let high = Math.max(1, -normalQuantile(tail));
  while (upperTail(high, df) > tail) {
    low = high;
    high *= 2;
  }
  let t = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const excess = upperTail(t, df) - tail;
    if (excess > 0) low = t;
    else high = t;
    let next = t + excess / density(t, df);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - t) <= 1e-14 * next) return next;
    t = next;
  }
  return t;
}

/** P(T > t) for t ≥ 0: half the regularised incomplete beta function at df/(df + t²). */
function upperTail(t: number, df: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (df > manyDegrees) return normalCdf(-wallace(t, df));
  const a = df / 2;
  const x = df / (df + t * t);
  const y = (t * t) / (df + t * t);
  const scale = (Math.exp(a * -Math.log1p((t * t) / df)) * Math.sqrt(y) * gammaRatio(a)) / Math.sqrt(Math.PI);
  if (x < (a + 1) / (a + 2.5)) return (0.5 * scale * betaFraction(x, a, 0.5)) / a;
  return 0.5 - scale * betaFraction(y, 0.5, a);
}

/** The normal deviate of nearly the same tail (Wallace 1959, Ann. Math. Statist. 30:1121). */
function wallace(t: number, df: number): number {
  if (df === Number.POSITIVE_INFINITY) return t;
  return (Math.sqrt(df * Math.log1p((t * t) / df)) * (8 * df + 1)) / (8 * df + 3);
}

function density(t: number, df: number): number {
  const kernel = Math.exp(-0.5 * (df + 1) * Math.log1p((t * t) / df));
  const scale = df > manyDegrees ? Math.SQRT1_2 : gammaRatio(df / 2) / Math.sqrt(df);
  return (kernel * scale) / Math.sqrt(Math.PI);
}

/** Γ(a + ½) / Γ(a): the asymptotic series, reached by Γ(a + 1) = a Γ(a). No large logarithms cancel. */
function gammaRatio(a: number): number {
  let factor = 1;
  while (a < 20) {
    factor *= a / (a + 0.5);
    a += 1;
  }
  const b = 1 / (a * a);
  const series = (-1 / 8 + b * (1 / 192 + b * (-1 / 640 + b * (17 / 14336 - (b * 31) / 18432)))) / a;
  return factor * Math.sqrt(a) * Math.exp(series);
}

/** The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8) by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let value = d;
  for (let m = 1; m <= 2000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

const nonZero = (x: number, tiny: number) => (Math.abs(x) < tiny ? tiny : x);
