import { PosttrainError } from '../support/errors.ts';
import { nearestFirst } from '../support/nearest.ts';
import { cpuLevel } from './cpu-level.ts';

/** What has a kernel, by the names that `$POSTTRAIN_KERNELS` uses. Each has a plain definition of ATen operators too. */
export const kernelNames = [
  'norm-linear', //     norm, then one or more linear maps of it
  'attention', //       rotary embedding, then causal attention within documents
  'linear-residual', // linear map, added to the residual stream
  'swiglu', //          SwiGLU, linear map, added to the residual stream
  'norm', //            the final norm
  'loss', //            log-probabilities of targets through the vocabulary projection
  'embedding', //       the embedding's gradient
  'adamw', //           the optimizer step with clipping and the bf16 copy, and the gradient norm
  'decode', //          packed linear layers, cached attention: a whole step of generation
  'sampler', //         filters, the next token and its log-probability
] as const;
export type KernelName = (typeof kernelNames)[number];

/**
 * Kernels that are not to be used: none by default. `POSTTRAIN_KERNELS=off` means all, `off:attention,loss` these.
 * @throws usage where the variable says something else.
 */
export function switchedOff(value: string | undefined = process.env['POSTTRAIN_KERNELS']): ReadonlySet<KernelName> {
  if (!value || value === 'on') return new Set();
  if (value === 'off') return new Set(kernelNames);
  const list = /^off:(.*)$/.exec(value)?.[1]?.split(',');
  const unknown = list ? list.find((name) => !kernelNames.includes(name as KernelName)) : value;
  if (list && unknown === undefined) return new Set(list as KernelName[]);
  throw new PosttrainError('usage', `POSTTRAIN_KERNELS is ${value}; there is no kernel "${unknown}".`, {
    help: `on, off, or off: and a list of ${nearestFirst(unknown ?? '', kernelNames).join(', ')}`,
  });
}

let off: ReadonlySet<KernelName> | undefined;

/** Whether the kernel of this name is to be used where it fits. Kernels are built for x64 alone so far. */
export function kernelOn(name: KernelName): boolean {
  off ??= process.arch === 'x64' ? switchedOff() : new Set(kernelNames);
  return !off.has(name);
}

/** What decides the last bits of results beside libtorch itself: the CPU level, and kernels that are off. */
export function computeLevel(): string {
  const without = kernelNames.filter((name) => !kernelOn(name));
  return without.length === 0 ? cpuLevel() : `${cpuLevel()} without kernels for ${without.join(', ')}`;
}
