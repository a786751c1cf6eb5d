import type { Linear, RmsNorm } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/**
 * A decoder of the common kind, its parts named by what they do: blocks of x + attention(norm x) and then
 * x + SwiGLU(norm x), root-mean-square norms, rotary embedding of whole heads, causal attention to all that came before.
 */
export interface DecoderParts {
  readonly embedding: Tensor; // [V, D]
  readonly blocks: readonly DecoderBlock[];
  readonly norm: RmsNorm;
  readonly head: Tensor; // [V, D]
  /** Rotary frequencies, radians per token, [Dh/2]. */
  readonly frequencies: readonly number[];
}

export interface DecoderBlock {
  readonly attentionNorm: RmsNorm;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly mlpNorm: RmsNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}
