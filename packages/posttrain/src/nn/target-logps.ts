import { cat, type Tensor, targetLogpsKernel, zeros } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import { roundRows } from './row-count.ts';

/**
 * Log-probabilities of targets, in nats, from states through a plain vocabulary projection: log softmax(W h)[target].
 * The logits become their own gradient in place, so that backward can run once.
 * @param hidden float32 [M, D]   @param weight [V, D]   @param targets int64 [M]
 * @returns float32 [M]
 */
export function targetLogps(hidden: Tensor, weight: Tensor, targets: Tensor): Tensor {
  if (kernelFits('loss', weight)) return fusedTargetLogps(hidden, weight, targets);
  return logpsOf(hidden.toDtype(weight.dtype).linear(weight).toDtype('float32'), targets);
}

/** Fill rows of zeros predict token 0; nothing reads what they give. */
function fusedTargetLogps(hidden: Tensor, weight: Tensor, targets: Tensor): Tensor {
  const [rows, width] = hidden.shape as [number, number];
  const fill = weight.dtype === 'bfloat16' ? roundRows(rows) - rows : 0;
  if (fill === 0) return targetLogpsKernel(hidden, weight, targets);
  const states = cat([hidden, zeros([fill, width])]);
  return targetLogpsKernel(states, weight, cat([targets, zeros([fill], { dtype: 'int64' })])).narrow(0, 0, rows);
}

/** The same from logits, float32 [M, V]. */
export function logpsOf(logits: Tensor, targets: Tensor): Tensor {
  return logits
    .gather(1, targets.unsqueeze(1))
    .squeeze(1)
    .sub(logits.logsumexp([-1]));
}
