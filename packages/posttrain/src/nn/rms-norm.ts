import { empty, normKernel, type Tensor } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import { Module } from './module.ts';

/** Root-mean-square norm, Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4: w · x / √(mean(x²) + ε), in float32. */
export class RmsNorm extends Module<[x: Tensor], Tensor> {
  weight: Tensor; // [D]
  readonly epsilon: number;

  constructor(width: number, epsilon: number) {
    super();
    this.weight = empty([width]).keep();
    this.epsilon = epsilon;
  }

  /** [..., D] → float32 [..., D] */
  override forward(x: Tensor): Tensor {
    const { weight, epsilon } = this;
    const fits = kernelFits('norm', x) && weight.dtype === 'float32' && x.dtype === 'float32' && x.shape.length === 2;
    return fits ? normKernel(x.contiguous(), weight, epsilon) : plainRmsNorm(x, weight, epsilon);
  }
}

export function plainRmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const wide = x.toDtype('float32');
  const scale = wide.square().mean([-1], true).add(epsilon).rsqrt();
  return wide.mul(scale).mul(weight);
}
