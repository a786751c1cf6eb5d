import type { Tensor } from '../../tensor/index.ts';

export interface SimpoOptions {
  /** β, which scales mean log-probabilities: 2 to 2.5 in the paper. */
  readonly beta: number;
  /** γ: by how much the chosen answer's reward should lead. */
  readonly margin: number;
}

/**
 * SimPO, one loss a pair (Meng et al. 2024, arXiv:2405.14734, eq. 6): −log σ(β·(chosen − rejected) − γ). The reward is the mean
 * log-probability, as generation ranks answers, so no reference is needed and length is no advantage.
 *
 * @param chosen mean log-probability per token of the chosen answers, [P], in nats
 * @param rejected the same of the rejected ones, [P]
 * @returns [P]
 */
export function simpoLosses(chosen: Tensor, rejected: Tensor, { beta, margin }: SimpoOptions): Tensor {
  return chosen.sub(rejected).mul(beta).sub(margin).logSigmoid().neg();
}
