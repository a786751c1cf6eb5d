import type { Tensor } from '../../tensor/index.ts';

/**
 * A term a token whose expected gradient, over tokens drawn from π_old, is that of KL(π‖π_ref): value w·k1, gradient w·k1·∇log π, with
 * k1 = log π − log π_ref and the importance weight w = π/π_old, neither of which a gradient goes through. Off policy without w, and on
 * policy for k1 itself (whose expected gradient is 0) or k3 (whose gradient is that of the forward divergence at π = π_ref), it would not
 * be. Tang & Munos 2025, arXiv:2506.09477, §3.
 *
 * @param logp log π, [M], in nats   @param old log π_old   @param reference log π_ref   @returns [M]
 */
export function reverseDivergence(logp: Tensor, old: Tensor, reference: Tensor): Tensor {
  const now = logp.detach();
  const weighted = now.sub(old).exp().mul(now.sub(reference));
  return logp.sub(now).add(1).mul(weighted);
}

/**
 * k3 = π_ref/π − log(π_ref/π) − 1, a term a token: an estimate of KL(π‖π_ref) that is never below 0 (Schulman 2020), and as a term of
 * the loss what the GRPO paper has (Shao et al. 2024, arXiv:2402.03300, eq. 4).
 * @returns [M]
 */
export function k3Divergence(logp: Tensor, reference: Tensor): Tensor {
  const change = reference.sub(logp);
  return change.exp().sub(change).sub(1);
}
