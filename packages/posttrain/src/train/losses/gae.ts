/** From rewards of tokens and a critic's values to advantages and what the critic is to learn; plain numbers, one answer at a time. */

type Values = ArrayLike<number>;

/**
 * Rewards of an answer's tokens: the score at the last one, and at each −β·k1, k1 = log π_old − log π_ref. Their sum is
 * score − β · log π_old/π_ref of the answer, whose expectation is −β KL. Ziegler et al. 2019, arXiv:1909.08593, eq. 2; Ouyang et al. 2022,
 * arXiv:2203.02155, eq. 2.
 */
export function tokenRewards(score: number, beta: number, old: Values | null, reference: Values | null, count: number) {
  return Array.from({ length: count }, (_, t) => {
    const divergence = beta === 0 ? 0 : beta * (old![t]! - reference![t]!);
    return (t === count - 1 ? score : 0) - divergence;
  });
}

/**
 * Generalised advantage estimates, Schulman et al. 2016, arXiv:1506.02438, eq. 11 and 16:
 *
 *   δ_t = r_t + γ V_{t+1} − V_t,   A_t = δ_t + γλ A_{t+1}
 *
 * An answer ends for good at its last token, also where it was cut: V after it is 0, and the score has judged what is there.
 * @param rewards of each token   @param values the critic's, before each token
 */
export function generalisedAdvantages(
  rewards: Values,
  values: Values,
  { gamma, lambda }: { readonly gamma: number; readonly lambda: number },
): number[] {
  const advantages = new Array<number>(rewards.length);
  let [after, valueAfter] = [0, 0];
  for (let t = rewards.length - 1; t >= 0; t--) {
    const surprise = rewards[t]! + gamma * valueAfter - values[t]!;
    after = surprise + gamma * lambda * after;
    valueAfter = values[t]!;
    advantages[t] = after;
  }
  return advantages;
}

/** Σ_k γᵏ r_{t+k}: what came after each token, in which no critic has a part. */
export function discountedReturns(rewards: Values, gamma: number): number[] {
  const returns = new Array<number>(rewards.length);
  let after = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    after = rewards[t]! + gamma * after;
    returns[t] = after;
  }
  return returns;
}

/** Mean and variance (dividing by n) of all values; of none both are 0. */
export function spreadOf(values: readonly number[]): { mean: number; variance: number } {
  if (values.length === 0) return { mean: 0, variance: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

/** The least variance that values are divided by the root of, so that what differs by rounding is not blown up (OpenRLHF's constant). */
const leastVariance = 1e-8;

/** What moves values to mean 0 and variance 1: (a − mean) / √max(variance, 1e-8). */
export function whitening(values: readonly number[]): (value: number) => number {
  const { mean, variance } = spreadOf(values);
  const size = Math.sqrt(Math.max(variance, leastVariance));
  return (value) => (value - mean) / size;
}

/** 1 − Var(actual − predicted) / Var(actual): 1 is perfect, 0 no better than a constant. Null where nothing varies. */
export function explainedVariance(predicted: readonly number[], actual: readonly number[]): number | null {
  const { variance } = spreadOf(actual);
  if (variance === 0) return null;
  return 1 - spreadOf(actual.map((value, i) => value - predicted[i]!)).variance / variance;
}
