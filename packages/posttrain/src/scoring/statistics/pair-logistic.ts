import { PosttrainError } from '../../support/errors.ts';

/** The features of an item that are not 0: index and value. */
export type SparseVector = readonly (readonly [index: number, value: number])[];

export interface PairLogistic {
  readonly weights: readonly number[];
  /** Newton steps that were taken. */
  readonly steps: number;
}

/** Where the gradient's largest element is below this share of its first, the fit is done. */
const tolerance = 1e-10;
const mostSteps = 100;

/**
 * Logistic regression on differences of pairs, all of which are won: the w that minimises Σ log(1 + exp(−w·x)) + l2/2·|w|². There is no
 * constant, as a pair has no order. It is scikit-learn's LogisticRegression(C = 1/l2, fit_intercept = False) on x with label 1
 * and −x with label 0, each of half weight. By Newton's method with conjugate gradients (Lin, Weng & Keerthi 2008, JMLR 9:627), from 0,
 * so that equal data gives equal weights.
 *
 * @param differences features of the preferred item less those of the other
 * @param l2 > 0, so that there is one minimum even where a feature separates all pairs
 */
export function pairLogistic(differences: readonly SparseVector[], features: number, l2: number): PairLogistic {
  if (!(l2 > 0)) throw new PosttrainError('usage', `l2 is ${l2}.`, { help: 'it is above 0, such as 1.' });
  let weights = new Float64Array(features);
  let first: number | null = null;
  for (let steps = 0; ; steps++) {
    const { gradient, curvature } = slopes(differences, weights, l2);
    const size = largest(gradient);
    first ??= size;
    if (size <= tolerance * first || steps === mostSteps) return { weights: [...weights], steps };
    const step = solve((v) => curve(differences, curvature, v, l2), gradient);
    const next = descend(differences, weights, step, gradient, l2);
    if (next === null) return { weights: [...weights], steps };
    weights = next;
  }
}

/** w·x of a sparse vector. */
export function dot(weights: ArrayLike<number>, x: SparseVector): number {
  return x.reduce((sum, [index, value]) => sum + weights[index]! * value, 0);
}

/** The gradient, and p(1 − p) of each pair. */
function slopes(differences: readonly SparseVector[], weights: Float64Array, l2: number) {
  const gradient = weights.map((weight) => l2 * weight);
  const curvature = differences.map((x) => {
    const lost = 1 / (1 + Math.exp(dot(weights, x)));
    for (const [index, value] of x) gradient[index]! -= lost * value;
    return lost * (1 - lost);
  });
  return { gradient, curvature };
}

/** The Hessian times a vector, without the Hessian. */
function curve(differences: readonly SparseVector[], curvature: readonly number[], v: Float64Array, l2: number) {
  const out = v.map((value) => l2 * value);
  for (const [i, x] of differences.entries()) {
    const along = curvature[i]! * dot(v, x);
    for (const [index, value] of x) out[index]! += along * value;
  }
  return out;
}

/** matrix⁻¹ · right by conjugate gradients. */
function solve(times: (v: Float64Array) => Float64Array, right: Float64Array): Float64Array {
  const x = new Float64Array(right.length);
  const residual = right.slice();
  let direction = right.slice();
  let square = inner(residual, residual);
  const enough = 1e-24 * square;
  for (let i = 0; i < 2 * right.length + 10 && square > enough; i++) {
    const image = times(direction);
    const along = square / inner(direction, image);
    for (let j = 0; j < x.length; j++) {
      x[j]! += along * direction[j]!;
      residual[j]! -= along * image[j]!;
    }
    const before = square;
    square = inner(residual, residual);
    direction = direction.map((value, j) => residual[j]! + (square / before) * value);
  }
  return x;
}

/** A whole Newton step, or the half, quarter … that lowers the loss; null where none does: rounding has the last word. */
function descend(
  differences: readonly SparseVector[],
  weights: Float64Array,
  step: Float64Array,
  gradient: Float64Array,
  l2: number,
): Float64Array<ArrayBuffer> | null {
  const loss = (at: Float64Array) =>
    differences.reduce((sum, x) => sum + softplus(-dot(at, x)), 0) + (l2 / 2) * inner(at, at);
  const now = loss(weights);
  const slope = inner(gradient, step);
  for (let share = 1; share > 1e-6; share /= 2) {
    const next = Float64Array.from(weights, (weight, j) => weight - share * step[j]!);
    if (loss(next) <= now - 1e-4 * share * slope) return next;
  }
  return null;
}

/** log(1 + eˣ) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
