/** log Σ exp(xᵢ), without overflow or underflow; −∞ for no terms. */
export function logSumExp(values: readonly number[]): number {
  const top = Math.max(Number.NEGATIVE_INFINITY, ...values);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** exp(xᵢ) / Σ exp(xⱼ): log-likelihoods of choices as probabilities that sum to 1. */
export function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * The multi-class Brier score of one question, Σₖ (pₖ − 1[k = gold])² with p = softmax of the log-likelihoods: 0 is certain
 * and right, 2 certain and wrong, (k − 1)/k uniform. A task's score is the mean.
 */
export function brierOfChoices(logLikelihoods: readonly number[], gold: number): number {
  return softmax(logLikelihoods).reduce((sum, p, k) => sum + (p - (k === gold ? 1 : 0)) ** 2, 0);
}
