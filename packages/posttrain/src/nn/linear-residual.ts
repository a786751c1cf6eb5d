import { linearResidualKernel, swigluLinearResidualKernel, type Tensor } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import type { Linear } from './linear.ts';

/** A linear map added to the residual stream: x + W a. float32 [N, D] and [N, in] → float32 [N, D]. */
export function linearResidual(x: Tensor, a: Tensor, linear: Linear): Tensor {
  const fits = kernelFits('linear-residual', linear.weight) && !linear.bias && a.dtype === linear.weight.dtype;
  return fits ? linearResidualKernel(x, a, linear.weight) : plainLinearResidual(x, a, linear);
}

export function plainLinearResidual(x: Tensor, a: Tensor, linear: Linear): Tensor {
  return x.add(linear.call(a));
}

/**
 * SwiGLU, Shazeer 2020, arXiv:2002.05202, eq. 6, added to the residual stream: x + W (silu(gate) ∘ up).
 * float32 [N, D] and gates before ups [N, 2F] → float32 [N, D].
 */
export function swigluLinearResidual(x: Tensor, gateUp: Tensor, linear: Linear): Tensor {
  const fits = kernelFits('swiglu', linear.weight) && !linear.bias && gateUp.dtype === linear.weight.dtype;
  return fits ? swigluLinearResidualKernel(x, gateUp, linear.weight) : plainSwigluLinearResidual(x, gateUp, linear);
}

export function plainSwigluLinearResidual(x: Tensor, gateUp: Tensor, linear: Linear): Tensor {
  const [gate, up] = gateUp.chunk(2, -1) as [Tensor, Tensor];
  return x.add(linear.call(gate.silu().mul(up)));
}
