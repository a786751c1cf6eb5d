import type { Tensor } from '../../tensor/index.ts';

export interface KtoOptions {
  readonly beta: number;
  /** λ_D and λ_U: how much a good and a bad answer weigh. The paper keeps λ_D·n_D : λ_U·n_U between 1 : 1 and 4 : 3. */
  readonly desirableWeight: number;
  readonly undesirableWeight: number;
}

/**
 * Kahneman–Tversky optimisation, one loss an answer (Ethayarajh et al. 2024, arXiv:2402.01306, eq. 8):
 *
 *   desirable    λ_D (1 − σ(β(r − z₀)))
 *   undesirable  λ_U (1 − σ(β(z₀ − r)))      r = log π/π_ref of the answer
 *
 * @param ratios r, [P], in nats
 * @param desirable 1 or 0 for each answer, float32 [P]
 * @param baseline z₀ ≥ 0, in nats: an estimate of KL(π‖π_ref), which no gradient goes through
 * @returns [P]
 */
export function ktoLosses(ratios: Tensor, desirable: Tensor, baseline: number, options: KtoOptions): Tensor {
  const sign = desirable.mul(2).sub(1);
  const weight = desirable.mul(options.desirableWeight - options.undesirableWeight).add(options.undesirableWeight);
  const gain = ratios.sub(baseline).mul(sign).mul(options.beta);
  return gain.neg().sigmoid().mul(weight);
}

/**
 * z₀ (§4.1 of the paper): the mean of log π/π_ref over answers that belong to other prompts, at least 0. Mismatched answers keep the
 * estimate apart from the answers that are being learnt.
 *
 * @param mismatched log π/π_ref of each prompt with another prompt's answer, in nats
 */
export function ktoBaseline(mismatched: readonly number[]): number {
  const mean = mismatched.reduce((sum, ratio) => sum + ratio, 0) / mismatched.length;
  return Math.max(0, mean);
}
