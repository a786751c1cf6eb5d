import { addon } from '../native/binding.ts';
import { fromTyped } from './create.ts';
import { scope } from './scope.ts';
import { Tensor } from './tensor.generated.ts';

type Linear = (x: Tensor, weight: Tensor, bias?: Tensor) => Tensor;

let found: Linear | null | undefined;

/**
 * y = x·Wᵀ + b of float32 on the CPU by oneDNN, whose matrix product outruns the BLAS that libtorch's own `linear` takes, most of all
 * for wide results (bench `harness`). Without gradient. Null where this libtorch is built without oneDNN.
 */
export function onednnLinear(): Linear | null {
  if (found === undefined) found = findLinear();
  return found;
}

function findLinear(): Linear | null {
  try {
    const native = addon();
    const op = native.findOp('mkldnn::_linear_pointwise', '');
    const linear: Linear = (x, weight, bias) =>
      new Tensor(native.call(op, x.alive(), weight.alive(), bias ? bias.alive() : null, 'none', [], null));
    // Only a call tells whether the operator is more than a name here.
    const one = scope(() => {
      const two = fromTyped(new Float32Array([2]), [1, 1], 'float32');
      return linear(two, two).item();
    });
    return one === 4 ? linear : null;
  } catch {
    return null;
  }
}
