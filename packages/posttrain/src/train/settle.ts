import { freemem } from 'node:os';
import type { Decoder } from '../models/decoder.ts';
import { setThreads, threads } from '../tensor/index.ts';

/** What `auto` means on this machine and for this model. */

/** Tokens per pass beyond which matrices no longer get faster. */
const enoughTokens = 4096;
/** Bytes of activations that autograd keeps for each token, block and channel: about 18 values of 4 bytes, and the attention's. */
const activationBytes = 96;

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
  model: Decoder,
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
