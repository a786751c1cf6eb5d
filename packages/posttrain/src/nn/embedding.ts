import { embedding, embeddingKernel, empty, type Tensor } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import { Module } from './module.ts';

/** A row of the table for each token, in float32: the residual stream starts, and stays, in full precision. */
export class Embedding extends Module<[tokens: Tensor], Tensor> {
  weight: Tensor; // [V, D]
  #values: Tensor | null = null;

  constructor(count: number, width: number) {
    super();
    this.weight = empty([count, width]).keep();
  }

  /**
   * Reads rows from `values`, the float32 numbers that the weight is a rounded copy of; gradients stay the weight's. Not
   * owned here.
   */
  readFrom(values: Tensor): void {
    this.#values = values;
  }

  /** int64 [N] → float32 [N, D] */
  override forward(tokens: Tensor): Tensor {
    const { weight } = this;
    const values = this.#values ?? weight;
    return kernelFits('embedding', weight)
      ? embeddingKernel(weight, tokens, values)
      : plainEmbedding(weight, tokens, values);
  }
}

export function plainEmbedding(weight: Tensor, tokens: Tensor, values: Tensor): Tensor {
  const rows = embedding(weight, tokens).toDtype('float32');
  if (values === weight) return rows;
  // Adds what rounding took away, as a constant: the gradient is that of the weight's rows.
  return rows.add(embedding(values.detach(), tokens).sub(rows.detach()));
}
