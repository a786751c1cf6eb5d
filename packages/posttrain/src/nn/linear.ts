import { empty, type NotAsync, noGrad, onednnLinear, type Tensor } from '../tensor/index.ts';
import type { LoraAdapter } from './lora-adapter.ts';
import { Module } from './module.ts';

let forwardOnlyDepth = 0;

/**
 * Runs `body` without recording for autograd, and with the fastest matrix products there are: in float32 on the CPU oneDNN's. Their
 * last bits differ from those of a pass that records, so this is for results that stand alone, such as likelihoods.
 */
export function forwardOnly<T>(body: (() => T) & NotAsync<T>): T {
  forwardOnlyDepth++;
  try {
    return noGrad<T>(body);
  } finally {
    forwardOnlyDepth--;
  }
}

/** Whether a pass of `forwardOnly` is under way. */
export function isForwardOnly(): boolean {
  return forwardOnlyDepth > 0;
}

/** y = x·Wᵀ + b in the weight's own type: [..., in] → [..., out]. */
export function project(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const { dtype, device } = weight;
  const input = x.toDtype(dtype);
  const fast = isForwardOnly() && dtype === 'float32' && device === 'cpu' ? onednnLinear() : null;
  return fast ? fast(input, weight, bias) : input.linear(weight, bias?.toDtype(dtype));
}

/** `project` with parameters of its own, and an adapter where it is tuned by one. */
export class Linear extends Module<[x: Tensor, training?: boolean], Tensor> {
  weight: Tensor; //  [out, in]
  bias?: Tensor; //   [out]
  lora: LoraAdapter | null = null;

  constructor(inputs: number, outputs: number, options: { bias?: boolean } = {}) {
    super();
    this.weight = empty([outputs, inputs]).keep();
    if (options.bias) this.bias = empty([outputs]).keep();
  }

  /** The adapter, unless it is switched off. */
  get activeLora(): LoraAdapter | null {
    return this.lora?.on ? this.lora : null;
  }

  /** [..., in] → [..., out] */
  override forward(x: Tensor, training = false): Tensor {
    const y = project(x, this.weight, this.bias);
    const lora = this.activeLora;
    return lora ? y.add(lora.call(x, training).toDtype(y.dtype)) : y;
  }
}
