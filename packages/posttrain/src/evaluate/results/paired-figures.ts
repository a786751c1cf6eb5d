import {
  bootstrap,
  type Difference,
  detectableEffect,
  minimumDetectableEffect,
  pairedDifference,
} from '../../scoring/index.ts';
import type { Metric } from '../metric.ts';
import { type FigureOptions, numbersOf, statisticOf, streamName, type ValuedItem } from './metric-result.ts';

/** A difference as results hold it. */
export type Change = Pick<Difference, 'value' | 'standardError' | 'df' | 'interval' | 'method' | 'p'>;

/** A metric on the documents that two models answered. */
export interface PairedFigures {
  readonly n: number;
  readonly clusters: number;
  readonly before: number | null;
  readonly after: number | null;
  /** after − before. */
  readonly difference: Change;
  /** |after − ideal| − |before − ideal|; null where the metric has no ideal. */
  readonly distance: Change | null;
  readonly test: 'mcnemar' | 'sign' | 't' | 'bootstrap' | null;
  /** McNemar's mid-p, where the exact test was used. */
  readonly midP: number | null;
  /** Documents that became better and worse; null where one document has no score, or no direction is better. */
  readonly fixed: readonly number[] | null;
  readonly broken: readonly number[] | null;
  /** The change that a test at 5 % finds four times in five. */
  readonly detectable: number | null;
}

/** @param after as long as `before`, the same documents in the same order */
export function pairedFigures(
  task: string,
  name: string,
  metric: Metric,
  before: readonly ValuedItem[],
  after: readonly ValuedItem[],
  options: FigureOptions,
): PairedFigures {
  return metric.kind === 'mean' && metric.ideal === undefined
    ? pairedMeans(name, metric.higherIsBetter, before, after)
    : pairedStatistics(task, name, metric, before, after, options);
}

function pairedMeans(
  name: string,
  higherIsBetter: boolean,
  before: readonly ValuedItem[],
  after: readonly ValuedItem[],
): PairedFigures {
  const [x, y] = [numbersOf(name, before), numbersOf(name, after)];
  const paired = pairedDifference(x, y, { clusters: before.map(({ cluster }) => cluster) });
  const changed = (sign: 1 | -1) =>
    before.filter((_, i) => x[i] !== null && y[i] !== null && (y[i]! - x[i]!) * sign > 0).map(({ docId }) => docId);
  return {
    n: paired.n,
    clusters: paired.clusters,
    before: paired.before,
    after: paired.after,
    difference: changeOf(paired),
    distance: null,
    test: paired.test,
    midP: paired.midP,
    fixed: changed(higherIsBetter ? 1 : -1),
    broken: changed(higherIsBetter ? -1 : 1),
    detectable: paired.test === 'mcnemar' ? effectOfShares(paired) : effectOf(paired),
  };
}

/** The same documents are drawn on both sides, so that what they have in common cancels. */
function pairedStatistics(
  task: string,
  name: string,
  metric: Metric,
  before: readonly ValuedItem[],
  after: readonly ValuedItem[],
  { seed, draws }: FigureOptions,
): PairedFigures {
  const places = before.flatMap((item, i) =>
    item.values[name] === null || after[i]!.values[name] === null ? [] : [i],
  );
  const x = places.map((i) => before[i]!);
  const y = places.map((i) => after[i]!);
  const [statisticBefore, statisticAfter] = [statisticOf(metric, name, x), statisticOf(metric, name, y)];
  const change = (read: (figure: number) => number) =>
    bootstrap(
      places.length,
      (drawn) => {
        const [a, b] = [statisticBefore(drawn), statisticAfter(drawn)];
        return a === null || b === null ? null : read(b) - read(a);
      },
      { clusters: x.map(({ cluster }) => cluster), seed, draws, name: streamName(task, name) },
    );
  const { ideal } = metric;
  const difference = change((figure) => figure);
  const distance = ideal === undefined ? null : change((figure) => Math.abs(figure - ideal));
  const judged = distance ?? difference;
  const all = places.map((_, place) => place);
  return {
    n: difference.n,
    clusters: difference.clusters,
    before: all.length === 0 ? null : statisticBefore(all),
    after: all.length === 0 ? null : statisticAfter(all),
    difference: changeOf(difference),
    distance: distance && changeOf(distance),
    test: judged.p === null ? null : 'bootstrap',
    midP: null,
    fixed: null,
    broken: null,
    detectable: effectOf(judged),
  };
}

function changeOf({ value, standardError, df, interval, method, p }: Difference): Change {
  return { value, standardError, df, interval, method, p };
}

/** Where no document changed, nothing tells how many would. */
function effectOfShares({ n, fixed, broken }: { readonly n: number; readonly fixed: number; readonly broken: number }) {
  return fixed + broken === 0 ? null : minimumDetectableEffect(n, (fixed + broken) / n);
}

function effectOf({ standardError, df }: Change): number | null {
  return standardError === null || standardError === 0 || df === null || df <= 0
    ? null
    : detectableEffect(standardError, df);
}
