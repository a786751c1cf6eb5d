import { type AttentionContext, type Embedding, type Linear, Module } from '../nn/index.ts';
import type { RotaryTable } from '../nn/rotary.ts';
import type { Tensor } from '../tensor/index.ts';

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
  /** Channels inside a block's MLP. */
  readonly inner: number; //      F
  /** The longest sequence the model was made for, in tokens. */
  readonly context: number;
  /** Numbers that it is made of, a shared head counted once. */
  readonly parameters: number;
  /** Whether linear maps have biases, which the fused nodes do not know. */
  readonly biased: boolean;
}

/**
 * Token ids to normed hidden states. It is taken apart where training needs a seam: block by block for recomputation, and
 * before the head, so that the whole [N, V] matrix of logits never has to exist.
 */
export abstract class Decoder extends Module<
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

  /** int64 [N] → normed hidden states, float32 [N, D], ready for a head. */
  override forward(tokens: Tensor, attention: AttentionContext, training = false): Tensor {
    const { x, context } = this.begin(tokens, attention, training);
    return this.finish(
      this.blocks.reduce((state, block) => {
        const next = block.call(state, context);
        if (next !== state) state.dispose(); // kept to the end, one of each block would lie between what backward needs
        return next;
      }, x),
    );
  }
}

/** A decoder with a head on it: `model` stands before the decoder's keys in a checkpoint, as transformers has it. */
export abstract class HeadedDecoder extends Decoder {
  abstract model: Decoder;

  override get dimensions(): ModelDimensions {
    return this.model.dimensions;
  }

  override get blocks(): readonly Block[] {
    return this.model.blocks;
  }

  override get inputEmbedding(): Embedding | null {
    return this.model.inputEmbedding;
  }

  override get joined(): readonly (readonly Linear[])[] {
    return this.model.joined;
  }

  override get initializerRange(): number {
    return this.model.initializerRange;
  }

  override get ignoredKeys(): readonly string[] {
    return this.model.ignoredKeys;
  }

  override begin(tokens: Tensor, attention: AttentionContext, training: boolean): { x: Tensor; context: BlockContext } {
    return this.model.begin(tokens, attention, training);
  }

  override finish(x: Tensor): Tensor {
    return this.model.finish(x);
  }
}
