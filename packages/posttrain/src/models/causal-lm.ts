import { type AttentionContext, type Embedding, type Linear, logpsOf, Module } from '../nn/index.ts';
import type { RotaryTable } from '../nn/rotary.ts';
import type { Tensor } from '../tensor/index.ts';
import type { DecoderParts } from './decoder-parts.ts';

/** What every block gets beside the residual stream. */
export interface BlockContext {
  readonly attention: AttentionContext;
  readonly rotary: RotaryTable;
  /** Dropout is on. */
  readonly training: boolean;
}

export type Block = Module<[x: Tensor, context: BlockContext], Tensor>;

/** The sizes that memory plans, caches and tables need, whatever the family. */
export interface ModelDimensions {
  readonly vocabulary: number; // V
  readonly width: number; //      D
  readonly layers: number;
  readonly heads: number; //      H
  readonly kvHeads: number; //    K
  readonly headWidth: number; //  Dh
  /** The longest sequence the model was made for, in tokens. */
  readonly context: number;
}

/**
 * A decoder that predicts the next token. It is taken apart where training needs a seam: block by block for
 * recomputation, and before the vocabulary projection, so that the whole [N, V] matrix of logits never has to exist.
 */
export abstract class CausalLm extends Module<
  [tokens: Tensor, attention: AttentionContext, training?: boolean],
  Tensor
> {
  abstract readonly dimensions: ModelDimensions;
  /** The decoder blocks in order. */
  abstract readonly blocks: readonly Block[];
  /** int64 [N] → the residual stream, float32 [N, D], and what all blocks share. */
  abstract begin(tokens: Tensor, attention: AttentionContext, training: boolean): { x: Tensor; context: BlockContext };
  /** The final norm: [N, D] → float32 [N, D]. */
  abstract finish(x: Tensor): Tensor;
  /** Unnormalised log-probabilities of normed states: [M, D] → float32 [M, V]. */
  abstract logits(hidden: Tensor): Tensor;
  /** Log-probabilities of `targets` (int64 [M]) after normed states: [M, D] → float32 [M], in nats. Backward can run once. */
  targetLogps(hidden: Tensor, targets: Tensor): Tensor {
    return logpsOf(this.logits(hidden), targets);
  }
  /** The table of input embeddings, where the family has a plain one. */
  get inputEmbedding(): Embedding | null {
    return null;
  }
  /** Linear maps of the same input, whose weights lie in memory one after the other, so that one product does for all. */
  get joined(): readonly (readonly Linear[])[] {
    return [];
  }
  /** Standard deviation of fresh weights. */
  abstract readonly initializerRange: number;
  /** Keys a checkpoint may hold beside the parameters, such as a tied head stored twice. */
  abstract readonly ignoredKeys: readonly string[];

  /** The parts by their role, where the family is of the kind that `DecoderParts` describes: then generation is fused. */
  get decoderParts(): DecoderParts | null {
    return null;
  }

  /** int64 [N] → normed hidden states, float32 [N, D], ready for `logits`. */
  override forward(tokens: Tensor, attention: AttentionContext, training = false): Tensor {
    const { x, context } = this.begin(tokens, attention, training);
    return this.finish(this.blocks.reduce((state, block) => block.call(state, context), x));
  }
}
