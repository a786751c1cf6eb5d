import { cat, normLinearKernel, type Tensor } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import type { Linear } from './linear.ts';
import { plainRmsNorm, type RmsNorm } from './rms-norm.ts';

/** Linear maps of one normed input, side by side: float32 [N, D] → [N, Σ out] in the weights' type. */
export function normLinear(x: Tensor, norm: RmsNorm, linears: readonly [Linear, ...Linear[]]): Tensor {
  const fits = kernelFits('norm-linear', linears[0].weight) && linears.every(({ bias }) => !bias);
  if (!fits) return plainNormLinear(x, norm, linears);
  return normLinearKernel(
    x,
    norm.weight,
    linears.map(({ weight }) => weight),
    norm.epsilon,
  );
}

export function plainNormLinear(x: Tensor, norm: RmsNorm, linears: readonly Linear[]): Tensor {
  const normed = plainRmsNorm(x, norm.weight, norm.epsilon);
  return cat(
    linears.map((linear) => linear.call(normed)),
    1,
  );
}
