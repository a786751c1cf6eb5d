import { cpuLevel } from '../native/cpu-level.ts';
import type { Tensor } from '../tensor/index.ts';
import type { ModelDimensions } from './decoder.ts';

/** Below this width a model spends its time in calls and casts, and bf16 only adds casts. */
const narrowestForBf16 = 256;

/** What `auto` means on this machine and for this model: bf16 where the processor multiplies it faster. */
export function settlePrecision(precision: 'auto' | 'fp32' | 'bf16', { width }: ModelDimensions): 'fp32' | 'bf16' {
  if (precision !== 'auto') return precision;
  return width >= narrowestForBf16 && cpuLevel() === 'avx512-bf16' ? 'bf16' : 'fp32';
}

/** Norms, biases, and a head of one row: their share of memory is nil, and they stay in float32 whatever matrices are multiplied in. */
export function isVector({ shape }: Tensor): boolean {
  return shape.length === 1 || shape[0] === 1;
}
