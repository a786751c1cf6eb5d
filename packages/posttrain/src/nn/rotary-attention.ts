import { rotaryAttentionKernel, type Tensor } from '../tensor/index.ts';
import type { AttentionContext } from './attention.ts';
import { kernelFits } from './kernel-choice.ts';
import { applyRotary, type RotaryTable } from './rotary.ts';

export interface RotaryAttentionOptions {
  readonly heads: number; //   H
  readonly kvHeads: number; // K
  /** The block, by which a cache knows its keys and values. */
  readonly layer: number;
  /** Probability of dropping an attention weight. */
  readonly dropout: number;
}

/**
 * Turns queries and keys by their positions and attends. A row of `qkv` [N, (H + 2K)·Dh] holds H queries, K keys and K
 * values; → [N, H·Dh] in the same type.
 */
export function rotaryAttention(
  qkv: Tensor,
  attention: AttentionContext,
  rotary: RotaryTable,
  options: RotaryAttentionOptions,
): Tensor {
  const { heads, kvHeads, dropout } = options;
  if (!attention.documents || dropout > 0 || !kernelFits('attention', qkv))
    return plainRotaryAttention(qkv, attention, rotary, options);
  const width = qkv.shape[1]! / (heads + 2 * kvHeads);
  return rotaryAttentionKernel(qkv, rotary.cos, rotary.sin, attention.documents, heads, kvHeads, 1 / Math.sqrt(width));
}

export function plainRotaryAttention(
  qkv: Tensor,
  attention: AttentionContext,
  rotary: RotaryTable,
  { heads, kvHeads, layer, dropout }: RotaryAttentionOptions,
): Tensor {
  const width = qkv.shape[1]! / (heads + 2 * kvHeads);
  const all = qkv.view([-1, heads + 2 * kvHeads, width]);
  const query = applyRotary(all.narrow(1, 0, heads), rotary);
  const key = applyRotary(all.narrow(1, heads, kvHeads), rotary);
  return attention.attend(layer, query, key, all.narrow(1, heads + kvHeads, kvHeads), { dropout });
}
