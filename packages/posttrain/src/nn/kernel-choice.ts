import { type KernelName, kernelOn } from '../native/kernel-switch.ts';
import type { Tensor } from '../tensor/index.ts';

/**
 * Whether the addon's kernel `name` is to compute this: it is switched on, and the weight is one that it multiplies,
 * float32 or bfloat16 of the CPU. Everything else is computed by the plain definition that stands beside the call.
 */
export function kernelFits(name: KernelName, weight: Tensor): boolean {
  if (!kernelOn(name)) return false;
  const { dtype } = weight;
  return (dtype === 'float32' || dtype === 'bfloat16') && weight.device === 'cpu';
}
