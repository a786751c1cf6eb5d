import { PosttrainError } from '../../support/errors.ts';
import { byConfidence, checkConfidences, type JudgedConfidence } from './judged.ts';

/** The mean of (confidence − correct)²; 0 is certain and right, ¼ a coin's honest confidence. */
export function brierScore(items: readonly JudgedConfidence[]): number {
  checkConfidences(items);
  return items.reduce((sum, { confidence, correct }) => sum + (confidence - (correct ? 1 : 0)) ** 2, 0) / items.length;
}

/**
 * 1 − Brier / (a(1 − a)) with a the accuracy: what the confidences are worth over stating the base rate every time. 0 is worth
 * nothing, below 0 is harmful; null where all answers are right, or all wrong.
 */
export function brierSkill(items: readonly JudgedConfidence[]): number | null {
  const accuracy = items.filter((item) => item.correct).length / items.length;
  const reference = accuracy * (1 - accuracy);
  return reference === 0 ? null : 1 - brierScore(items) / reference;
}

/** The chance that a right answer has more confidence than a wrong one, ties counting ½; null without either. */
export function auroc(items: readonly JudgedConfidence[]): number | null {
  checkConfidences(items);
  const right = items.filter((item) => item.correct).map((item) => item.confidence);
  const wrong = items.filter((item) => !item.correct).map((item) => item.confidence);
  if (right.length === 0 || wrong.length === 0) return null;
  // Ranks (ties share their mean) turn the pair count into one sort.
  const sorted = [...right, ...wrong].sort((a, b) => a - b);
  const rank = (value: number): number => (lowerBound(sorted, value) + upperBound(sorted, value) + 1) / 2;
  const rankSum = right.reduce((sum, value) => sum + rank(value), 0);
  return (rankSum - (right.length * (right.length + 1)) / 2) / (right.length * wrong.length);
}

export interface RiskCoverageOptions {
  /**
   * What equal confidences do: `order` answers them as they stand in the list, `average` gives each the mean error of all of them,
   * so that order does not matter.
   */
  readonly ties?: 'order' | 'average';
}

/** Share wrong among the k most confident answers, for k = 1 … n. */
export function riskCoverage(items: readonly JudgedConfidence[], options: RiskCoverageOptions = {}): number[] {
  checkConfidences(items);
  let errors = 0;
  return mostConfidentFirst(items, options.ties ?? 'order').map((error, i) => {
    errors += error;
    return errors / (i + 1);
  });
}

/** The area under the risk–coverage curve, the mean of `riskCoverage` (Geifman et al. 2019, arXiv:1805.08206); lower is better. */
export function aurc(items: readonly JudgedConfidence[], options: RiskCoverageOptions = {}): number {
  const curve = riskCoverage(items, options);
  return curve.reduce((sum, risk) => sum + risk, 0) / curve.length;
}

/** Share wrong when only the ⌈coverage · n⌉ most confident answers are given. */
export function riskAtCoverage(
  items: readonly JudgedConfidence[],
  coverage: number,
  options: RiskCoverageOptions = {},
): number {
  if (!(coverage > 0 && coverage <= 1)) throw new PosttrainError('usage', `coverage ${coverage} is not in (0, 1].`);
  const curve = riskCoverage(items, options);
  // .7 · 10 is a little above 7 in floating point; that is seven answers, not eight.
  return curve[Math.max(1, Math.ceil(coverage * curve.length - 1e-9)) - 1]!;
}

function mostConfidentFirst(items: readonly JudgedConfidence[], ties: 'order' | 'average'): number[] {
  if (ties === 'order')
    return items.toSorted((a, b) => b.confidence - a.confidence).map((item) => (item.correct ? 0 : 1));
  return byConfidence(items)
    .sort(([a], [b]) => b - a)
    .flatMap(([, members]) => {
      const error = members.filter((member) => !member.correct).length / members.length;
      return members.map(() => error);
    });
}

function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upperBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
