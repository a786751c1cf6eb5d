import type { Pack, TokenRow } from '../data/types.ts';
import { type Device, scope, tensor } from '../tensor/index.ts';
import type { Batch, RowTargets } from './objective.ts';

/** Lays rows out one after the other and lists their targets: tokens with a loss weight, each predicted by the one before it. */
export function makeBatch(packs: readonly Pack[], device: Device = 'cpu'): Batch {
  const rows = packs.flat();
  const total = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const tokens = new Float64Array(total);
  const predictors: number[] = [];
  const targets: number[] = [];
  const weights: number[] = [];
  const targetsOf: RowTargets[] = [];
  let start = 0;
  for (const row of rows) {
    tokens.set(row.tokens, start);
    const first = targets.length;
    for (let t = 1; t < row.tokens.length; t++) {
      if (row.weights[t] === 0) continue;
      predictors.push(start + t - 1);
      targets.push(row.tokens[t]!);
      weights.push(row.weights[t]!);
    }
    targetsOf.push({ row, start: first, count: targets.length - first });
    start += row.tokens.length;
  }
  return scope(() => ({
    tokens: tensor(tokens, { dtype: 'int64', device }),
    lengths: rows.flatMap((row) => row.documents ?? [row.tokens.length]),
    predictors: tensor(predictors, { dtype: 'int64', device }),
    targets: tensor(targets, { dtype: 'int64', device }),
    weights: tensor(weights, { device }),
    rows: targetsOf,
  }));
}

/** Σ of the loss weights of these packs. */
export function weightOf(packs: readonly Pack[]): number {
  let sum = 0;
  for (const row of packs.flat()) for (let t = 1; t < row.weights.length; t++) sum += row.weights[t]!;
  return sum;
}

export function countTokens(packs: readonly Pack[]): { tokens: number; lossTokens: number } {
  const rows: readonly TokenRow[] = packs.flat();
  let [tokens, lossTokens] = [0, 0];
  for (const row of rows) {
    tokens += row.tokens.length;
    for (let t = 1; t < row.weights.length; t++) if (row.weights[t] !== 0) lossTokens++;
  }
  return { tokens, lossTokens };
}
