import { embedding, embeddingKernel, empty, type Tensor } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import { Module } from './module.ts';

/** A row of the table for each token, in float32: the residual stream starts, and stays, in full precision. */
export class Embedding extends Module<[tokens: Tensor], Tensor> {
  weight: Tensor; // [V, D]

  constructor(count: number, width: number) {
    super();
    this.weight = empty([count, width]).keep();
  }

  /** int64 [N] → float32 [N, D] */
  override forward(tokens: Tensor): Tensor {
    return kernelFits('embedding', this.weight)
      ? embeddingKernel(this.weight, tokens)
      : plainEmbedding(this.weight, tokens);
  }
}

export function plainEmbedding(weight: Tensor, tokens: Tensor): Tensor {
  return embedding(weight, tokens).toDtype('float32');
}
