import type { Tensor } from '../../tensor/index.ts';

export interface RewardLossOptions {
  /** Weight of the squared sum of both scores, which keeps rewards about 0 (Eisenstein et al. 2023, arXiv:2312.09244, eq. 2); 0: none. */
  readonly centring: number;
}

/**
 * Bradley–Terry, one loss a pair: −log σ(chosen − rejected − margin) + c·(chosen + rejected)². Ouyang et al. 2022, arXiv:2203.02155,
 * eq. 1; the margin: Touvron et al. 2023, arXiv:2307.09288, eq. 2.
 *
 * @param chosen scores of the chosen answers, float32 [P]
 * @param rejected scores of the rejected ones, [P]
 * @param margins by how much each pair should differ, [P]; 0 where nobody said
 * @returns [P]
 */
export function rewardLosses(
  chosen: Tensor,
  rejected: Tensor,
  margins: Tensor,
  { centring }: RewardLossOptions,
): Tensor {
  const apart = chosen.sub(rejected).sub(margins).logSigmoid().neg();
  return centring === 0 ? apart : apart.add(chosen.add(rejected).square().mul(centring));
}
