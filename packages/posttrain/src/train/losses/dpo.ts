import type { Tensor } from '../../tensor/index.ts';

/** How a pair's advantage over the reference becomes a loss. */
export type DpoLoss = 'sigmoid' | 'ipo' | 'robust' | 'hinge';

export interface DpoOptions {
  readonly loss: DpoLoss;
  /** β: how strongly the policy is held to the reference. For `ipo` it is τ. */
  readonly beta: number;
  /** ε: the share of pairs taken to be labelled the wrong way round, in [0, ½). */
  readonly labelSmoothing: number;
}

/**
 * Direct preference optimisation, one loss a pair, from what each answer gained over the reference:
 * h = log π(chosen)/π_ref(chosen) − log π(rejected)/π_ref(rejected).
 *
 *   sigmoid  −(1−ε) log σ(βh) − ε log σ(−βh)                        Rafailov et al. 2023, arXiv:2305.18290, eq. 7; with ε > 0
 *                                                                   cDPO, Mitchell 2023
 *   robust   [−(1−ε) log σ(βh) + ε log σ(−βh)] / (1 − 2ε)           Chowdhury et al. 2024, arXiv:2403.00409, eq. 14: unbiased
 *                                                                   where a share ε is flipped
 *   ipo      (h − 1/(2β))²                                          Azar et al. 2023, arXiv:2310.12036, eq. 17; the caller gives
 *                                                                   ratios per token, as its authors do
 *   hinge    max(0, 1 − βh)                                         Zhao et al. 2023, arXiv:2305.10425 (SLiC)
 *
 * @param chosen log π/π_ref of the chosen answers, [P], in nats; without a reference log π alone
 * @param rejected the same of the rejected ones, [P]
 * @returns [P]
 */
export function dpoLosses(chosen: Tensor, rejected: Tensor, { loss, beta, labelSmoothing }: DpoOptions): Tensor {
  const advantage = chosen.sub(rejected);
  const scaled = advantage.mul(beta);
  switch (loss) {
    case 'sigmoid':
      return asLabelled(scaled)
        .mul(1 - labelSmoothing)
        .add(asFlipped(scaled).mul(labelSmoothing));
    case 'robust':
      return asLabelled(scaled)
        .mul(1 - labelSmoothing)
        .sub(asFlipped(scaled).mul(labelSmoothing))
        .div(1 - 2 * labelSmoothing);
    case 'ipo':
      return advantage.sub(1 / (2 * beta)).square();
    case 'hinge':
      return scaled.neg().add(1).relu();
  }
}

/** −log σ(x): the loss where the label is right. */
function asLabelled(x: Tensor): Tensor {
  return x.logSigmoid().neg();
}

/** −log σ(−x): the loss where it is the wrong way round. */
function asFlipped(x: Tensor): Tensor {
  return x.neg().logSigmoid().neg();
}
