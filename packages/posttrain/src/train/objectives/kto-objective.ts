import type { Pack, TokenRow } from '../../data/types.ts';
import { tensor, toArray } from '../../tensor/index.ts';
import { type KtoOptions, ktoBaseline, ktoLosses } from '../losses/kto.ts';
import type { BatchObjective } from '../objective.ts';
import { sumByRow } from '../row-logps.ts';
import type { Reference } from './pair-logps.ts';

export interface KtoObjectiveOptions extends KtoOptions {
  /** Answers of a step that share a baseline, in order; undefined: all. */
  readonly block?: number | undefined;
}

/**
 * KTO over single answers. Its baseline is measured once per optimizer step, over the whole batch and before the first gradient, so
 * that micro-batches change nothing; with `block` once for each block, which are then to be the micro-batches.
 */
export function ktoObjective(options: KtoObjectiveOptions, reference: Reference): BatchObjective {
  const withBaselines = (baselineOf: (row: TokenRow) => number): BatchObjective => ({
    name: 'kto',
    needs: 'all-logps',
    dropout: false,
    weight: (packs: readonly Pack[]) => packs.length,
    loss(logp, { rows, ...batch }) {
      const references = tensor(
        rows.map(({ row }) => reference(row)),
        { device: logp.device },
      );
      const desirable = rows.map(({ row }) => isDesirable(row));
      const logps = sumByRow(logp, { rows, ...batch });
      const ratios = logps.sub(references);
      const labels = tensor(desirable.map(Number), { device: logp.device });
      const baseline = baselineOf(rows[0]!.row);
      const losses = ktoLosses(ratios, labels, baseline, options);
      const rewards = toArray(ratios.detach()).map((ratio) => options.beta * ratio);
      const values = toArray(logps.detach());
      const of = (list: readonly number[], wanted: boolean) => list.filter((_, i) => desirable[i] === wanted);
      return {
        sum: losses.sumAll(),
        metrics: {
          desirableReward: of(rewards, true),
          undesirableReward: of(rewards, false),
          desirableLogp: of(values, true),
          undesirableLogp: of(values, false),
          kl: rows.map(() => baseline),
        },
      };
    },
  });
  return {
    ...withBaselines(() => 0),
    forStep(packs, logpsOf) {
      const rows = packs.flat();
      const mismatched = rows.map(mismatchedOf);
      const ratios = logpsOf(mismatched).map((logp, i) => logp - reference(mismatched[i]!));
      const { block = rows.length } = options;
      const baselines = new Map<TokenRow, number>();
      for (let start = 0; start < rows.length; start += block)
        baselines.set(rows[start]!, ktoBaseline(ratios.slice(start, start + block)));
      return withBaselines(block === rows.length ? () => baselines.get(rows[0]!)! : (row) => baselines.get(row)!);
    },
  };
}

function isDesirable({ judged }: TokenRow): boolean {
  return judged?.kind === 'alone' && judged.desirable;
}

function mismatchedOf(row: TokenRow): TokenRow {
  if (row.judged?.mismatched) return row.judged.mismatched;
  throw new TypeError('a row of KTO has its mismatched twin');
}
