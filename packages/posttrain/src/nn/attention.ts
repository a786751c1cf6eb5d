import { scaledDotProductAttention, type Tensor } from '../tensor/index.ts';

/**
 * What attention may see. Tokens of all sequences stand in one row of N, without padding; who may look at whom is
 * the context's business, so that a model family reads the same in training, in prefill and in cached decoding.
 */
export interface AttentionContext {
  /** Position of every token within its own sequence, int64 [N]. */
  readonly positions: Tensor;
  /**
   * Where each document begins and the last ends, int64 [documents + 1] on the CPU: present where tokens see exactly
   * their own document's past, so that no other bookkeeping than this is needed to attend.
   */
  readonly documents?: Tensor;
  /**
   * Softmax attention of block `layer`: query [N, H, Dh], key and value [N, K, Dh] with K dividing H → [N, H·Dh].
   * `dropout` is the probability of dropping an attention weight.
   */
  attend(layer: number, query: Tensor, key: Tensor, value: Tensor, options?: { dropout?: number }): Tensor;
}

/** Each key-value head serves H/K query heads: [B, K, T, Dh] → [B, H, T, Dh]. */
export function repeatHeads(x: Tensor, heads: number): Tensor {
  const [batch, kvHeads, length, width] = x.shape as [number, number, number, number];
  if (kvHeads === heads) return x;
  const groups = heads / kvHeads;
  return x.unsqueeze(2).expand([batch, kvHeads, groups, length, width]).reshape([batch, heads, length, width]);
}

/** Causal attention of equally long sequences: [B, T, H, Dh] and [B, T, K, Dh] → [B·T, H·Dh]. */
export function causalAttention(query: Tensor, key: Tensor, value: Tensor, dropout: number): Tensor {
  const [batch, length, heads, width] = query.shape as [number, number, number, number];
  const out = scaledDotProductAttention(
    query.transpose(1, 2),
    repeatHeads(key.transpose(1, 2), heads),
    repeatHeads(value.transpose(1, 2), heads),
    null,
    dropout,
    true,
  );
  return out.transpose(1, 2).reshape([batch * length, heads * width]);
}
