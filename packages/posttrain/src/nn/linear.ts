import { empty, type Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/** y = x·Wᵀ + b, computed in the weight's own type. */
export class Linear extends Module<[x: Tensor], Tensor> {
  weight: Tensor; //  [out, in]
  bias?: Tensor; //   [out]

  constructor(inputs: number, outputs: number, options: { bias?: boolean } = {}) {
    super();
    this.weight = empty([outputs, inputs]).keep();
    if (options.bias) this.bias = empty([outputs]).keep();
  }

  /** [..., in] → [..., out] */
  override forward(x: Tensor): Tensor {
    const { weight, bias } = this;
    const input = x.toDtype(weight.dtype);
    return input.linear(weight, bias?.toDtype(weight.dtype));
  }
}
