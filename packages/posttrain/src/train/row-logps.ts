import type { TokenRow } from '../data/types.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import { PackedAttention } from '../nn/index.ts';
import { noGrad, scope, stack, type Tensor, toArray } from '../tensor/index.ts';
import { makeBatch } from './batch.ts';
import { fillRows } from './fill-rows.ts';
import type { Batch } from './objective.ts';
import { allLogps } from './vocabulary.ts';

/** Σ weight · log-probability of the targets of each row, in nats, without gradients or dropout. @param together rows of one pass */
export function rowLogps(model: CausalLm, rows: readonly TokenRow[], together: number): number[] {
  const sums: number[] = [];
  for (let start = 0; start < rows.length; start += together) {
    const some = rows.slice(start, start + together);
    sums.push(
      ...scope(() => {
        const batch = makeBatch(some.map((row) => [row]));
        const { tokens, lengths } = fillRows(model, batch);
        using attention = new PackedAttention(lengths, tokens.device);
        return noGrad(() => {
          const hidden = model.call(tokens, attention);
          return toArray(sumByRow(allLogps(model, hidden, batch), batch));
        });
      }),
    );
  }
  return sums;
}

/** Σ weight · value over the targets of each row: float32 [M] → [R]. Every row has a target. */
export function sumByRow(values: Tensor, { weights, rows }: Batch): Tensor {
  const weighted = values.mul(weights);
  return stack(rows.map(({ start, count }) => weighted.narrow(0, start, count).sumAll()));
}
