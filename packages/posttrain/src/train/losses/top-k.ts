import { cat, type Tensor } from '../../tensor/index.ts';
import { softened } from './distillation.ts';

/** A distribution over V tokens as its K likeliest and the rest together. */
export interface TopK {
  /** The K tokens, likeliest first, int64 [M, K]. */
  readonly ids: Tensor;
  /** Their log-probabilities, and after them that of the rest as one class where K < V: float32 [M, C], in nats. */
  readonly logps: Tensor;
}

/** The K likeliest tokens of logits at a temperature: [M, V] → [M, K] and [M, C], C = K + 1, or V where K ≥ V. */
export function topKOf(logits: Tensor, k: number, temperature: number): TopK {
  const kept = Math.min(k, logits.shape[1]!);
  const [, ids] = logits.topk(kept, 1);
  return { ids, logps: classLogps(logits, ids, temperature) };
}

/**
 * Log-probabilities of the same classes under other logits, so that two distributions are compared as if all tokens beyond the K were one:
 * by the data-processing inequality never further apart than they are, and as far where K = V.
 * @param logits [M, V]   @param ids int64 [M, K]
 * @returns [M, C], in nats
 */
export function classLogps(logits: Tensor, ids: Tensor, temperature: number): Tensor {
  const logps = softened(logits, temperature);
  const kept = logps.gather(1, ids);
  if (ids.shape[1]! >= logits.shape[1]!) return kept;
  const none = kept.detach().mul(0).add(Number.NEGATIVE_INFINITY);
  return cat([kept, logps.scatter(1, ids, none).logsumexp([1], true)], 1);
}
