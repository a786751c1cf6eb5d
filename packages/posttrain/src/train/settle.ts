import { freemem } from 'node:os';
import type { ResolvedRecipe } from '../runs/index.ts';
import { formatBytes } from '../support/terminal/format.ts';
import { setThreads, threads } from '../tensor/index.ts';
import { type MemoryPlan, type PlannedModel, type PlannedPass, planMemory } from './memory-plan.ts';

/** What `auto` means on this machine and for this model. */

/** Tokens per pass beyond which matrices no longer get faster. */
const enoughTokens = 4096;
/** Sets libtorch's threads; `auto` leaves its own choice, one per physical core. */
export function settleThreads(count: number | 'auto'): number {
  if (count !== 'auto') setThreads(count);
  return threads();
}

/** The largest divisor of the batch whose packs stay within a useful number of tokens, and their activations within a quarter of the free memory. */
export function settleMicroBatch(
  { microBatch, batch, ...recipe }: ResolvedRecipe,
  model: PlannedModel,
  pass: Omit<PlannedPass, 'microBatch'>,
): number {
  if (microBatch !== 'auto') return Math.min(microBatch, batch);
  const most = freemem() / 4;
  const fits = (rows: number) =>
    rows * pass.longestPack <= enoughTokens &&
    planMemory({ ...recipe, batch }, model, { ...pass, microBatch: rows }).activations <= most;
  let rows = batch;
  while (rows > 1 && (batch % rows !== 0 || !fits(rows))) rows--;
  return rows;
}

/** What to say where a run is not likely to fit into the memory that is free now. */
export function memoryWarning({ states, activations }: MemoryPlan): { message: string; help: string } | undefined {
  const free = freemem() + process.memoryUsage.rss();
  if (states + activations <= free) return undefined;
  return {
    message: `the run needs about ${formatBytes(states + activations)} of memory (weights and optimizer ${formatBytes(states)}, one micro-batch ${formatBytes(activations)}); ${formatBytes(free)} are free.`,
    help: 'a smaller microBatch or recompute: true keeps less of a micro-batch; lora, or optimizer: muon, less of weights and optimizer.',
  };
}
