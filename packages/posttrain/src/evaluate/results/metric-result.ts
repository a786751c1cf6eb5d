import type { Estimate } from '../../scoring/index.ts';
import { bootstrap, meanEstimate } from '../../scoring/index.ts';
import type { Axis, Baseline, Metric, Ratio } from '../metric.ts';
import type { Task } from '../task.ts';
import type { ScoredItem } from './scored-item.ts';

/** One figure of one task and one model, with what is known about it. */
export interface MetricResult extends Estimate {
  readonly name: string;
  readonly about: string;
  readonly kind: Metric['kind'];
  readonly axis: Axis;
  /** Null where the figure is better the nearer it is to `ideal`. */
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
  readonly unit: 'share' | 'number';
  readonly against: string | null;
  readonly perToken: boolean;
  /** What guessing gives, and what the commonest answer gives; null where neither is known. */
  readonly chance: number | null;
  readonly majority: number | null;
  /** The figure without the items that the training data holds; null where that was not looked for. */
  readonly clean: { readonly value: number | null; readonly n: number } | null;
  /** By part of the documents, sorted by name; null where the task has no parts. */
  readonly strata: readonly { readonly name: string; readonly value: number | null; readonly n: number }[] | null;
}

/** An item as far as figures need it. */
export type ValuedItem = Pick<ScoredItem, 'docId' | 'cluster' | 'values'>;

export interface FigureOptions {
  readonly seed: number;
  /** Resamples of the bootstrap. */
  readonly draws?: number | undefined;
}

/** @param overlapping places of items that the training data holds, or null */
export function metricResults(
  task: Task,
  items: readonly ScoredItem[],
  overlapping: ReadonlySet<number> | null,
  options: FigureOptions,
): MetricResult[] {
  const docs = items.map(({ doc }) => doc);
  const clean = overlapping && items.filter(({ docId }) => !overlapping.has(docId));
  return Object.entries(task.metrics).map(([name, metric]) => ({
    name,
    about: metric.about,
    kind: metric.kind,
    axis: metric.axis ?? task.axis,
    higherIsBetter: metric.higherIsBetter ?? null,
    ideal: metric.ideal ?? null,
    unit: metric.unit ?? 'number',
    against: metric.against ?? null,
    perToken: metric.perToken ?? false,
    chance: baseline(metric.chance, docs),
    majority: baseline(metric.majority, docs),
    ...estimate(metric, name, task.name, items, options),
    clean: clean && { value: figure(metric, name, clean), n: clean.length },
    strata: strataOf(metric, name, items),
  }));
}

function baseline(value: Baseline<unknown> | undefined, docs: readonly unknown[]): number | null {
  return typeof value === 'function' ? value(docs) : (value ?? null);
}

function estimate(
  metric: Metric,
  name: string,
  task: string,
  items: readonly ScoredItem[],
  { seed, draws }: FigureOptions,
): Estimate {
  const clusters = items.map(({ cluster }) => cluster);
  if (metric.kind === 'mean') return meanEstimate(numbersOf(name, items), { clusters });
  const known = items.filter(({ values }) => values[name] !== null);
  const statistic = statisticOf(metric, name, known);
  const {
    value,
    standardError,
    df,
    interval,
    method,
    n,
    clusters: groups,
  } = bootstrap(known.length, statistic, {
    clusters: known.map(({ cluster }) => cluster),
    seed,
    name: streamName(task, name),
    draws,
  });
  return { value, standardError, df, interval, method, n, missing: items.length - n, clusters: groups };
}

/** The same for all models, so that a figure does not depend on what else is evaluated. */
export function streamName(task: string, metric: string): string {
  return `${task}/${metric}`;
}

export function numbersOf(name: string, items: readonly ValuedItem[]): (number | null)[] {
  return items.map(({ values }) => values[name] as number | null);
}

/** A metric as a function of places in a list of items, all of which have a value. Null where it is undefined. */
export function statisticOf(
  metric: Metric,
  name: string,
  items: readonly ValuedItem[],
): (places: readonly number[]) => number | null {
  if (metric.kind === 'aggregate') {
    const values = items.map((item) => item.values[name]);
    return (places) => finite(metric.compute(places.map((place) => values[place])));
  }
  const ratios =
    metric.kind === 'ratio'
      ? items.map((item) => item.values[name] as Ratio)
      : items.map((item) => ({ numerator: item.values[name] as number, denominator: 1 }));
  return (places) => {
    let [numerator, denominator] = [0, 0];
    for (const place of places) {
      numerator += ratios[place]!.numerator;
      denominator += ratios[place]!.denominator;
    }
    return finite(numerator / denominator);
  };
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The plain figure of some items. */
export function figure(metric: Metric, name: string, items: readonly ScoredItem[]): number | null {
  const known = items.filter(({ values }) => values[name] !== null);
  return known.length === 0 ? null : statisticOf(metric, name, known)(known.map((_, place) => place));
}

function strataOf(metric: Metric, name: string, items: readonly ScoredItem[]): MetricResult['strata'] {
  const names = [...new Set(items.map(({ stratum }) => stratum))].filter((stratum) => stratum !== null).sort();
  if (names.length === 0) return null;
  return names.map((stratum) => {
    const part = items.filter((item) => item.stratum === stratum);
    return { name: stratum, value: figure(metric, name, part), n: part.length };
  });
}
