import type { Axis } from '../../evaluate/metric.ts';
import type { ComparedMetric } from '../../evaluate/results/compare.ts';
import type { EvaluationResult } from '../../evaluate/results/evaluation.ts';

/** A figure by which a model without skill looks good, and the one beside it that shows it is not. */
export interface Win {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  readonly value: number;
  readonly reference: number | null;
  /** Proven better than the reference, or no more than .05 from the best there is. */
  readonly how: 'better' | 'ideal';
  /** The row of the same task and axis, which stands beside it on the scorecard, that is proven worse most clearly; null where there is none. */
  readonly shownBy: Pick<ComparedMetric, 'metric' | 'before' | 'after' | 'unit'> | null;
  readonly unit: 'share' | 'number';
}

const nearEnough = 0.05;

/** What the second model of an evaluation wins over the first. */
export function winsOf({ comparisons }: EvaluationResult): Win[] {
  const rows = comparisons[0]?.rows ?? [];
  return rows.flatMap((row) => {
    const how = row.verdict === 'improved' ? 'better' : isIdeal(row) ? 'ideal' : null;
    if (how === null || row.after === null) return [];
    const { axis, task, metric, after: value, before, unit } = row;
    return [{ axis, task, metric, value, reference: before, how, shownBy: faultOf(row, rows), unit } as const];
  });
}

/** Where not one document has another score than the reference's, nothing is won. */
function isIdeal({ verdict, after, unit, ideal, higherIsBetter, fixed, broken }: ComparedMetric): boolean {
  if (after === null || verdict === 'invalid') return false;
  if (fixed?.length === 0 && broken?.length === 0) return false;
  if (ideal !== null) return Math.abs(after - ideal) <= nearEnough;
  // Other units have no best that a model could reach, but for 0.
  if (unit !== 'share') return higherIsBetter === false && after <= nearEnough;
  return higherIsBetter ? after >= 1 - nearEnough : after <= nearEnough;
}

function faultOf(row: ComparedMetric, rows: readonly ComparedMetric[]): Win['shownBy'] {
  const worse = rows.filter(
    ({ task, axis, verdict }) => task === row.task && axis === row.axis && verdict === 'regressed',
  );
  const loss = ({ difference }: ComparedMetric) =>
    Math.abs((difference.value ?? 0) / (difference.standardError || 1e-9));
  const [worst] = worse.sort((a, b) => loss(b) - loss(a));
  return worst ? { metric: worst.metric, before: worst.before, after: worst.after, unit: worst.unit } : null;
}
