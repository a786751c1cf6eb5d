import { freemem } from 'node:os';
import type { CausalLm, ModelDimensions } from '../models/causal-lm.ts';
import { cpuLevel } from '../native/cpu-level.ts';
import { setThreads, threads } from '../tensor/index.ts';

/** What `auto` means on this machine and for this model. */

/** Below this width a model spends its time in calls and casts, and bf16 only adds casts. */
const narrowestForBf16 = 256;
/** Tokens per pass beyond which matrices no longer get faster. */
const enoughTokens = 4096;
/** Bytes of activations that autograd keeps for each token, block and channel: about 18 values of 4 bytes, and the attention's. */
const activationBytes = 96;

export function settlePrecision(precision: 'auto' | 'fp32' | 'bf16', dimensions?: ModelDimensions): 'fp32' | 'bf16' {
  if (precision !== 'auto') return precision;
  const wide = dimensions === undefined || dimensions.width >= narrowestForBf16;
  return wide && cpuLevel() === 'avx512-bf16' ? 'bf16' : 'fp32';
}

/** Sets libtorch's threads; `auto` leaves its own choice, one per physical core. */
export function settleThreads(count: number | 'auto'): number {
  if (count !== 'auto') setThreads(count);
  return threads();
}

/** The largest divisor of `batch` whose packs stay within a useful number of tokens, and their activations within a quarter of the free memory. */
export function settleMicroBatch(
  microBatch: number | 'auto',
  batch: number,
  longestPack: number,
  model: CausalLm,
  recompute: boolean,
): number {
  if (microBatch !== 'auto') return Math.min(microBatch, batch);
  const { width, layers } = model.dimensions;
  const perToken = activationBytes * width * (recompute ? 2 : layers);
  const tokens = Math.min(enoughTokens, freemem() / 4 / perToken);
  let rows = Math.max(1, Math.min(batch, Math.floor(tokens / longestPack)));
  while (batch % rows !== 0) rows--;
  return rows;
}
