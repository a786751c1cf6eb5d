import { type Tensor, targetLogpsKernel } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';

/**
 * Log-probabilities of targets, in nats, from states through a plain vocabulary projection: log softmax(W h)[target].
 * The logits become their own gradient in place, so that backward can run once.
 * @param hidden float32 [M, D]   @param weight [V, D]   @param targets int64 [M]
 * @returns float32 [M]
 */
export function targetLogps(hidden: Tensor, weight: Tensor, targets: Tensor): Tensor {
  if (kernelFits('loss', weight)) return targetLogpsKernel(hidden, weight, targets);
  return logpsOf(hidden.toDtype(weight.dtype).linear(weight).toDtype('float32'), targets);
}

/** The same from logits, float32 [M, V]. */
export function logpsOf(logits: Tensor, targets: Tensor): Tensor {
  return logits
    .gather(1, targets.unsqueeze(1))
    .squeeze(1)
    .sub(logits.logsumexp([-1]));
}
