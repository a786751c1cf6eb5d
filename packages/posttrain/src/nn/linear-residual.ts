import {
  linearResidualKernel,
  linearResidualLoraKernel,
  swigluLinearResidualKernel,
  swigluLinearResidualLoraKernel,
  type Tensor,
} from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import type { Linear } from './linear.ts';

/** A linear map added to the residual stream: x + W a. float32 [N, D] and [N, in] → float32 [N, D]. */
export function linearResidual(x: Tensor, a: Tensor, linear: Linear, training = false): Tensor {
  const { weight, bias, activeLora: lora } = linear;
  const fits = kernelFits('linear-residual', weight) && !bias && a.dtype === weight.dtype;
  if (!fits) return plainLinearResidual(x, a, linear, training);
  if (!lora) return linearResidualKernel(x, a, weight);
  if (lora.drops(training)) return linearResidualKernel(x, a, weight).add(lora.call(a, training));
  return linearResidualLoraKernel(x, a, weight, lora.a, lora.b, lora.scale);
}

export function plainLinearResidual(x: Tensor, a: Tensor, linear: Linear, training = false): Tensor {
  return x.add(linear.call(a, training));
}

/**
 * SwiGLU, Shazeer 2020, arXiv:2002.05202, eq. 6, added to the residual stream: x + W (silu(gate) ∘ up).
 * float32 [N, D] and gates before ups [N, 2F] → float32 [N, D].
 */
export function swigluLinearResidual(x: Tensor, gateUp: Tensor, linear: Linear, training = false): Tensor {
  const { weight, bias, activeLora: lora } = linear;
  const fits = kernelFits('swiglu', weight) && !bias && gateUp.dtype === weight.dtype;
  if (!fits) return plainSwigluLinearResidual(x, gateUp, linear, training);
  if (!lora) return swigluLinearResidualKernel(x, gateUp, weight);
  if (lora.drops(training))
    return swigluLinearResidualKernel(x, gateUp, weight).add(lora.call(swiglu(gateUp), training));
  return swigluLinearResidualLoraKernel(x, gateUp, weight, lora.a, lora.b, lora.scale);
}

export function plainSwigluLinearResidual(x: Tensor, gateUp: Tensor, linear: Linear, training = false): Tensor {
  return x.add(linear.call(swiglu(gateUp), training));
}

/** silu(gate) ∘ up */
function swiglu(gateUp: Tensor): Tensor {
  const [gate, up] = gateUp.chunk(2, -1) as [Tensor, Tensor];
  return gate.silu().mul(up);
}
