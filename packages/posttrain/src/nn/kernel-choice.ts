import { type KernelName, kernelOn } from '../native/kernel-switch.ts';
import type { Tensor } from '../tensor/index.ts';
import { isForwardOnly } from './linear.ts';

/**
 * Whether the addon's kernel `name` is to compute this: it is switched on, and the weight is one that it multiplies,
 * float32 or bfloat16 of the CPU. Everything else is computed by the plain definition that stands beside the call; so is a
 * float32 pass without gradient, whose plain matrix products are the faster ones; attention has none of a weight.
 */
export function kernelFits(name: KernelName, weight: Tensor): boolean {
  if (!kernelOn(name)) return false;
  const { dtype } = weight;
  if (dtype === 'float32' && isForwardOnly() && name !== 'attention') return false;
  return (dtype === 'float32' || dtype === 'bfloat16') && weight.device === 'cpu';
}
