import type { CausalLm } from '../models/causal-lm.ts';
import { cat, scope, type Tensor } from '../tensor/index.ts';
import type { Batch } from './objective.ts';

/** Rows of logits that exist at once. Fewer cost more in repeated sums of the head's gradient than they save in memory. */
export const chunkRows = 2048;

/** The same where entropies are asked for, which keep several matrices of a chunk's size. */
export const entropyRows = 512;

/** What an objective is told of each target, float32 [M], in nats. */
export interface MeasuredTargets {
  readonly logp: Tensor;
  /** Entropy of the whole distribution that the target stands in. */
  readonly entropy?: Tensor;
}

/** How it is measured: logits are divided by the temperature first. */
export interface QuantityOptions {
  readonly temperature?: number | undefined;
  readonly entropy?: boolean | undefined;
}

export type Chunk = readonly [start: number, length: number];

/** Stretches of a batch's targets, of at most `rows`. */
export function* chunksOf({ targets }: Batch, rows = chunkRows): Generator<Chunk> {
  const total = targets.count;
  for (let start = 0; start < total; start += rows) yield [start, Math.min(rows, total - start)];
}

/** The stretches in which quantities are measured. */
export function chunksFor(batch: Batch, { entropy }: QuantityOptions): Chunk[] {
  return [...chunksOf(batch, entropy ? entropyRows : chunkRows)];
}

/**
 * log softmax of the logits at each target of a chunk, and −Σ p log p over the vocabulary where that is asked for: float32 [m].
 * @param hidden normed states, float32 [N, D]
 */
export function quantitiesOf(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  chunk: Chunk,
  { temperature = 1, entropy = false }: QuantityOptions,
): MeasuredTargets {
  const states = hidden.indexSelect(0, batch.predictors.narrow(0, ...chunk));
  const targets = batch.targets.narrow(0, ...chunk);
  if (!entropy) return { logp: model.targetLogps(states, targets, temperature) };
  const logits = model.logits(states);
  return withEntropies(temperature === 1 ? logits : logits.div(temperature), targets);
}

/** Both from logits [m, V]: −Σ p log p is 0 for what is certain, whatever the logits. */
export function withEntropies(logits: Tensor, targets: Tensor): { readonly logp: Tensor; readonly entropy: Tensor } {
  const logps = logits.logSoftmax(1);
  return {
    logp: logps.gather(1, targets.unsqueeze(1)).squeeze(1),
    entropy: logps.exp().mul(logps).sum([1]).neg(),
  };
}

/** Those of all targets, [M], computed chunk by chunk. */
export function allQuantities(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  options: QuantityOptions,
): MeasuredTargets {
  const parts = chunksFor(batch, options).map((chunk) =>
    scope(() => quantitiesOf(model, hidden, batch, chunk, options)),
  );
  const logp = cat(parts.map((part) => part.logp));
  return options.entropy ? { logp, entropy: cat(parts.map((part) => part.entropy!)) } : { logp };
}
