import type { TokenRow } from '../data/types.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import type { RewardModel } from '../models/reward-model.ts';
import { PackedAttention } from '../nn/index.ts';
import { noGrad, scope, stack, type Tensor, toArray } from '../tensor/index.ts';
import { makeBatch } from './batch.ts';
import { fillRows } from './fill-rows.ts';
import type { Batch } from './objective.ts';
import { allQuantities } from './target-quantities.ts';

/** Σ weight · log-probability of the targets of each row, in nats, without gradients or dropout. @param together rows of one pass */
export function rowLogps(model: CausalLm, rows: readonly TokenRow[], together: number): number[] {
  return inPasses(rows, together, (some) =>
    withStates(model, some, (hidden, batch) => toArray(sumByRow(allQuantities(model, hidden, batch, {}).logp, batch))),
  );
}

/** Log-probabilities of the targets of each row at a temperature, in nats, without gradients or dropout. */
export function tokenLogps(
  model: CausalLm,
  rows: readonly TokenRow[],
  { together, temperature }: { readonly together: number; readonly temperature: number },
): Float32Array[] {
  return inPasses(rows, together, (some) =>
    withStates(model, some, (hidden, batch) => byRow(allQuantities(model, hidden, batch, { temperature }).logp, batch)),
  );
}

/** What a critic expects before each target of each row, in the unit of rewards. @param together rows of one pass */
export function tokenValues(critic: RewardModel, rows: readonly TokenRow[], together: number): Float32Array[] {
  return inPasses(rows, together, (some) =>
    withStates(critic, some, (hidden, batch) => byRow(critic.scores(hidden, batch.predictors), batch)),
  );
}

function byRow(values: Tensor, { rows }: Batch): Float32Array[] {
  const all = Float32Array.from(toArray(values));
  return rows.map(({ start, count }) => all.slice(start, start + count));
}

function inPasses<T>(rows: readonly TokenRow[], together: number, pass: (some: readonly TokenRow[]) => T[]): T[] {
  const results: T[] = [];
  for (let start = 0; start < rows.length; start += together)
    results.push(...pass(rows.slice(start, start + together)));
  return results;
}

function withStates<T>(model: Decoder, rows: readonly TokenRow[], read: (hidden: Tensor, batch: Batch) => T): T {
  let result: T | undefined;
  scope(() => {
    const batch = makeBatch(rows.map((row) => [row]));
    const { tokens, lengths } = fillRows(model, batch);
    using attention = new PackedAttention(lengths, tokens.device);
    noGrad(() => {
      result = read(model.call(tokens, attention), batch);
    });
  });
  return result!;
}

/** Σ weight · value over the targets of each row: float32 [M] → [R]. Every row has a target. */
export function sumByRow(values: Tensor, { weights, rows }: Batch): Tensor {
  const weighted = values.mul(weights);
  return stack(rows.map(({ start, count }) => weighted.narrow(0, start, count).sumAll()));
}
