import type { TokenRow } from '../../data/types.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import type { Batch } from '../objective.ts';
import { sumByRow } from '../row-logps.ts';

/** Σ weight · log-probability of a row's answer under the frozen reference model, in nats. */
export type Reference = (row: TokenRow) => number;

/** One side of P pairs. */
export interface AnswerLogps {
  /** Log-probability of each answer, in nats, float32 [P]. */
  readonly logps: Tensor;
  /** Its tokens, by their loss weights, float32 [P]. */
  readonly lengths: Tensor;
  /** Its log-probability under the reference, in nats, float32 [P]; zeros where there is none. */
  readonly references: Tensor;
}

/** Divides a batch of pairs, each a chosen row and then a rejected one, into its two sides. */
export function pairLogps(
  logp: Tensor,
  batch: Batch,
  reference: Reference | null,
): { readonly chosen: AnswerLogps; readonly rejected: AnswerLogps } {
  const device = logp.device;
  const logps = sumByRow(logp, batch).view([-1, 2]);
  const lengths = tensor(batch.rows.map(lengthOf), { device }).view([-1, 2]);
  const references = tensor(
    batch.rows.map(({ row }) => reference?.(row) ?? 0),
    { device },
  ).view([-1, 2]);
  const [chosen, rejected] = [0, 1].map((side): AnswerLogps => {
    return {
      logps: logps.select(1, side),
      lengths: lengths.select(1, side),
      references: references.select(1, side),
    };
  });
  return { chosen: chosen!, rejected: rejected! };
}

/** Σ loss weights of a row's targets. */
function lengthOf({ row }: Batch['rows'][number]): number {
  return row.weights.reduce((sum, weight) => sum + weight, 0);
}
