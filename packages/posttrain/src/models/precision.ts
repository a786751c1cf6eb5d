import { cpuLevel } from '../native/cpu-level.ts';
import type { ModelDimensions } from './causal-lm.ts';

/** Below this width a model spends its time in calls and casts, and bf16 only adds casts. */
const narrowestForBf16 = 256;

/** What `auto` means on this machine and for this model: bf16 where the processor multiplies it faster. */
export function settlePrecision(precision: 'auto' | 'fp32' | 'bf16', { width }: ModelDimensions): 'fp32' | 'bf16' {
  if (precision !== 'auto') return precision;
  return width >= narrowestForBf16 && cpuLevel() === 'avx512-bf16' ? 'bf16' : 'fp32';
}
