const halfLog2Pi = 0.5 * Math.log(2 * Math.PI);

/** The density of the standard normal distribution at `x`. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x - halfLog2Pi);
}

/** P(Z ≤ x) of the standard normal distribution, to 13 digits, in the far tails too. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  return x > 0 ? 1 - upperTail(x) : upperTail(-x);
}

/** P(Z > x) for x ≥ 0. */
function upperTail(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  // The series subtracts from ½ and loses digits in the tail; the continued fraction of Mills' ratio converges there.
  return x < 2.5 ? 0.5 - normalDensity(x) * oddSeries(x) : normalDensity(x) / millsFraction(x);
}

/** x + x³/3 + x⁵/(3·5) + … (Abramowitz & Stegun 26.2.11) */
function oddSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum;
}

/** x + 1/(x + 2/(x + 3/(x + …))) (Abramowitz & Stegun 26.2.14), the inverse of Mills' ratio */
function millsFraction(x: number): number {
  const depth = 160;
  let value = x;
  for (let k = depth; k >= 1; k--) value = x + k / value;
  return value;
}

/** The x with P(Z ≤ x) = p, for 0 ≤ p ≤ 1; NaN for other p. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  // Abramowitz & Stegun 26.2.23 is right to 4.5e-4; Halley's step triples the digits each time.
  const t = Math.sqrt(-2 * Math.log(p));
  let x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 3; i++) {
    const newton = (normalCdf(x) - p) / normalDensity(x);
    x -= newton / (1 + (x * newton) / 2);
  }
  return x;
}
