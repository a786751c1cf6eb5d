import type { Tensor } from '../../tensor/index.ts';

/**
 * The odds-ratio term of ORPO, one loss a pair (Hong et al. 2024, arXiv:2403.07691, eqs. 4 and 7):
 *
 *   −log σ(log odds(chosen) − log odds(rejected)),   odds(y) = p(y) / (1 − p(y)),   p(y) = exp(mean log-probability of its tokens)
 *
 * The whole loss is the chosen answer's cross-entropy plus λ times this; it needs no reference.
 *
 * @param chosen mean log-probability per token of the chosen answers, [P], in nats, below 0
 * @param rejected the same of the rejected ones, [P]
 * @returns [P]
 */
export function oddsRatioLosses(chosen: Tensor, rejected: Tensor): Tensor {
  return logOdds(chosen).sub(logOdds(rejected)).logSigmoid().neg();
}

/** Closer to 0 than this a probability rounds to 1, whose odds are infinite. */
const nearestToOne = -1e-6;

/** log p − log(1 − p) from log p. */
function logOdds(logp: Tensor): Tensor {
  const below = logp.minimum(logp.detach().mul(0).add(nearestToOne));
  return below.sub(below.exp().neg().add(1).log());
}
