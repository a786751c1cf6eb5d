import { empty, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/**
 * What is learned beside a frozen linear map: s · B (A x), Hu et al. 2021, arXiv:2106.09685, eq. 3. The scale s is
 * alpha/rank, or alpha/√rank (Kalajdzievski 2023, arXiv:2312.03732).
 */
export class LoraAdapter extends Module<[x: Tensor, training?: boolean], Tensor> {
  a: Tensor; // [rank, in]
  b: Tensor; // [out, rank]
  readonly scale: number;
  /** Probability of dropping an element of x while training. */
  readonly dropout: number;
  /** Switched off, the map is the frozen one alone. */
  on = true;

  constructor(inputs: number, outputs: number, options: { rank: number; scale: number; dropout: number }) {
    super();
    this.a = empty([options.rank, inputs]).keep();
    this.b = empty([outputs, options.rank]).keep();
    this.scale = options.scale;
    this.dropout = options.dropout;
  }

  /** Whether anything is dropped: then x differs from what the frozen map sees, and no kernel computes both. */
  drops(training: boolean): boolean {
    return training && this.dropout > 0;
  }

  /** [..., in] → [..., out] in the adapter's own type. */
  override forward(x: Tensor, training = false): Tensor {
    const input = this.drops(training) ? x.dropout(this.dropout, true) : x;
    return input.toDtype(this.a.dtype).linear(this.a).linear(this.b).mul(this.scale);
  }
}
