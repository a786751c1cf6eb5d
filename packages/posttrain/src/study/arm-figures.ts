import type { Metric, Ratio } from '../evaluate/index.ts';
import { streamName, type ValuedItem } from '../evaluate/results/metric-result.ts';
import {
  type Difference,
  type MethodDifference,
  meanEstimate,
  methodDifference,
  type PairedDifference,
  pairedDifference,
} from '../scoring/index.ts';

/** The documents of one task by every run of an arm, the same ones in the same order. */
export type ArmItems = readonly (readonly ValuedItem[])[];

export interface FigureSetting {
  readonly task: string;
  readonly name: string;
  readonly metric: Metric;
  readonly seed: number;
  /** Resamples of documents, 2,000 without. */
  readonly draws?: number | undefined;
}

/** How a figure is read: as it is, or how far it is from its ideal. */
export type Reading = (figure: number) => number;

const asItIs: Reading = (figure) => figure;

/** A metric of any documents; null where it applies to none, or is undefined. */
export function figureOf(metric: Metric, name: string, items: readonly ValuedItem[]): number | null {
  return statisticOf(metric)(valuesOf(name, items));
}

const valuesOf = (name: string, items: readonly ValuedItem[]) => items.map(({ values }) => values[name]);

type Statistic = (values: readonly unknown[]) => number | null;

/** A metric as a function of the values of documents; a null does not apply. It is called for every run of every resample. */
function statisticOf(metric: Metric): Statistic {
  if (metric.kind === 'aggregate')
    return (values) => {
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? null : finite(metric.compute(known));
    };
  const isRatio = metric.kind === 'ratio';
  return (values) => {
    let [numerator, denominator] = [0, 0];
    for (const value of values) {
      if (value === null) continue;
      numerator += isRatio ? (value as Ratio).numerator : (value as number);
      denominator += isRatio ? (value as Ratio).denominator : 1;
    }
    return finite(numerator / denominator);
  };
}

const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null);

/**
 * after − before of two arms, with the chance of the seeds and of the documents. A metric that leaves documents out does so run by
 * run. Where nothing varies at all, as when every run answers every document alike, the documents alone tell how sure that is.
 */
export function armDifference(
  before: ArmItems,
  after: ArmItems,
  setting: FigureSetting,
  read: Reading = asItIs,
): ArmDifference {
  const arms = [before, after].map((runs) => runs.map((run) => valuesOf(setting.name, run)));
  const found = methodDifference(arms[0]!, arms[1]!, optionsOf(before[0] ?? after[0] ?? [], setting, read));
  if (certain(found) && isPlainMean(setting.metric)) return { ...found, ...withoutVariance(before, after, setting) };
  return { ...found, test: found.p === null ? null : 't' };
}

export interface ArmDifference extends MethodDifference {
  readonly test: PairedDifference['test'];
}

/** The mean figure of an arm over its runs, with the same two chances. */
export function armEstimate(
  runs: ArmItems,
  setting: FigureSetting,
  read: Reading = asItIs,
): Pick<Difference, 'value' | 'interval' | 'n'> {
  const [first = []] = runs;
  const options = optionsOf(first, setting, read);
  // The difference from an arm whose figure is 0, whatever it answers.
  const nothing = runs.map(() => first.map(() => zero));
  const statistic: Statistic = (values) => (values[0] === zero ? 0 : options.statistic(values));
  const values = runs.map((run) => valuesOf(setting.name, run));
  const found = methodDifference<unknown>(nothing, values, { ...options, statistic });
  if (!certain(found) || !isPlainMean(setting.metric)) return found;
  const { interval } = meanEstimate(clusterMeans(runs, setting.name));
  return { value: found.value, interval, n: found.n };
}

const zero = Symbol('zero');

function optionsOf(items: readonly ValuedItem[], { task, name, metric, seed, draws }: FigureSetting, read: Reading) {
  const statistic = statisticOf(metric);
  return {
    statistic: (values: readonly unknown[]) => {
      const figure = statistic(values);
      return figure === null ? null : read(figure);
    },
    clusters: items.map(({ cluster }) => cluster),
    ...{ seed, draws, name: streamName(task, name) },
  };
}

/** Both variances were found, and are 0. */
function certain({ value, interval, varianceOfSeeds, varianceOfItems }: MethodDifference): boolean {
  return value !== null && interval === null && varianceOfSeeds !== null && varianceOfItems !== null;
}

const isPlainMean = ({ kind, ideal }: Metric) => kind === 'mean' && ideal === undefined;

function withoutVariance(before: ArmItems, after: ArmItems, { name }: FigureSetting) {
  const paired = pairedDifference(clusterMeans(before, name), clusterMeans(after, name));
  const { standardError, df, interval, method, p, test } = paired;
  return { standardError, df, interval, method, p, test };
}

/** The mean of each cluster of documents over all runs; null where the metric applies to none of them. */
function clusterMeans(runs: ArmItems, name: string): (number | null)[] {
  const byCluster = new Map<string, number[]>();
  for (const { cluster, values } of runs.flat()) {
    const known = byCluster.get(cluster) ?? [];
    if (values[name] !== null) known.push(values[name] as number);
    byCluster.set(cluster, known);
  }
  return [...byCluster.values()].map((known) =>
    known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length,
  );
}
