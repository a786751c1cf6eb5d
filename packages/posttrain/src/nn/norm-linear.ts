import { cat, normLinearKernel, normLinearLoraKernel, type Tensor, zeros } from '../tensor/index.ts';
import { kernelFits } from './kernel-choice.ts';
import type { Linear } from './linear.ts';
import { plainRmsNorm, type RmsNorm } from './rms-norm.ts';

/** Linear maps of one normed input, side by side: float32 [N, D] → [N, Σ out] in the weights' type. */
export function normLinear(
  x: Tensor,
  norm: RmsNorm,
  linears: readonly [Linear, ...Linear[]],
  training = false,
): Tensor {
  const fits = kernelFits('norm-linear', linears[0].weight) && linears.every(({ bias }) => !bias);
  if (!fits) return plainNormLinear(x, norm, linears, training);
  const weights = linears.map(({ weight }) => weight);
  const adapted = linears.flatMap(({ activeLora: lora }, of) => (lora ? [{ lora, of }] : []));
  const [first] = adapted;
  if (!first) return normLinearKernel(x, norm.weight, weights, norm.epsilon);
  if (adapted.some(({ lora }) => lora.drops(training)))
    return normLinearKernel(x, norm.weight, weights, norm.epsilon).add(besides(norm.call(x), linears, training));
  return normLinearLoraKernel(
    x,
    norm.weight,
    weights,
    adapted.map(({ lora }) => lora.a),
    adapted.map(({ lora }) => lora.b),
    adapted.map(({ of }) => of),
    norm.epsilon,
    first.lora.scale,
  );
}

export function plainNormLinear(x: Tensor, norm: RmsNorm, linears: readonly Linear[], training = false): Tensor {
  const normed = plainRmsNorm(x, norm.weight, norm.epsilon);
  return cat(
    linears.map((linear) => linear.call(normed, training)),
    1,
  );
}

/** What adapters add, side by side; zeros for a map that has none. */
function besides(normed: Tensor, linears: readonly Linear[], training: boolean): Tensor {
  const rows = normed.shape[0]!;
  const parts = linears.map(({ activeLora, weight }) =>
    activeLora ? activeLora.call(normed, training) : zeros([rows, weight.shape[0]!], { dtype: weight.dtype }),
  );
  return cat(parts, 1);
}
