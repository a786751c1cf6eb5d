import {
  bootstrap,
  type Difference,
  detectableEffect,
  minimumDetectableEffect,
  pairedDifference,
  type VerdictWord,
  verdicts,
} from '../../scoring/index.ts';
import type { Axis, Metric } from '../metric.ts';
import type { ModelFingerprint } from '../models/eval-model.ts';
import { numbersOf, statisticOf, streamName } from './metric-result.ts';
import type { ScoredItem } from './scored-item.ts';
import type { TaskResult, TaskRun } from './task-result.ts';

/** One metric of one task, of two models on identical documents. */
export interface ComparedMetric {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly unit: 'share' | 'number';
  /** Documents that both answered and to which the metric applies. */
  readonly n: number;
  readonly clusters: number;
  readonly before: number | null;
  readonly after: number | null;
  /** after − before. */
  readonly difference: Pick<Difference, 'value' | 'standardError' | 'df' | 'interval' | 'method' | 'p'>;
  readonly test: 'mcnemar' | 't' | 'bootstrap' | null;
  /** McNemar's mid-p, where the exact test was used. */
  readonly midP: number | null;
  /** p over all rows of the comparison, by Holm. */
  readonly adjusted: number | null;
  /** Documents whose score rose and fell; null where the metric has no score for a single document. */
  readonly fixed: readonly number[] | null;
  readonly broken: readonly number[] | null;
  /** The difference that a test at 5 % finds four times in five. */
  readonly detectable: number | null;
  readonly verdict: VerdictWord;
  readonly why: string;
}

export interface Comparison {
  readonly before: string;
  readonly after: string;
  readonly rows: readonly ComparedMetric[];
}

/** One side of a comparison. */
export interface ComparedModel {
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  /** By task. */
  readonly runs: ReadonlyMap<string, { readonly run: TaskRun; readonly result: TaskResult }>;
}

export interface CompareOptions {
  readonly seed: number;
  readonly draws?: number | undefined;
  /** Differences that do not matter, by `task.metric`, set before the run. */
  readonly margins?: Readonly<Record<string, number>> | undefined;
}

/** Every metric of every task that both models answered, with verdicts over all of them together. */
export function compareModels(before: ComparedModel, after: ComparedModel, options: CompareOptions): Comparison {
  const drafts = [...before.runs].flatMap(([task, one]) => {
    const other = after.runs.get(task);
    if (!other) return [];
    const { planned } = one.run;
    return Object.entries(planned.task.metrics).map(([name, metric]) => ({
      task,
      name,
      metric,
      ...pairedFigures(task, name, metric, one.run.items, other.run.items, options),
      invalid: one.result.invalid ?? other.result.invalid ?? undefined,
      notComparable: whyNotComparable(metric, before, after),
      margin: options.margins?.[`${task}.${name}`],
      axis: metric.axis ?? planned.task.axis,
      higherIsBetter: metric.higherIsBetter,
    }));
  });
  const words = verdicts(drafts);
  const rows = drafts.map(({ task, name, metric, axis, ...draft }, i): ComparedMetric => {
    const { value, standardError, df, interval, method, p, n, clusters } = draft.difference;
    return {
      ...{ axis, task, metric: name, higherIsBetter: metric.higherIsBetter, unit: metric.unit ?? 'number' },
      ...{ n, clusters, before: draft.before, after: draft.after },
      difference: { value, standardError, df, interval, method, p },
      ...{ test: draft.test, midP: draft.midP, adjusted: words[i]!.adjusted },
      ...{ fixed: draft.fixed, broken: draft.broken, detectable: draft.detectable },
      ...{ verdict: words[i]!.word, why: words[i]!.why },
    };
  });
  return { before: before.id, after: after.id, rows };
}

/** A figure that counts tokens says something about the tokenizer too. */
function whyNotComparable(metric: Metric, before: ComparedModel, after: ComparedModel): string | undefined {
  if (!metric.perToken || before.fingerprint.tokenizer === after.fingerprint.tokenizer) return undefined;
  return `${before.id} and ${after.id} have different tokenizers, and the figure counts tokens; compare bits per byte`;
}

type Paired = Pick<ComparedMetric, 'before' | 'after' | 'test' | 'midP' | 'fixed' | 'broken' | 'detectable'> & {
  readonly difference: Difference;
};

function pairedFigures(
  task: string,
  name: string,
  metric: Metric,
  before: readonly ScoredItem[],
  after: readonly ScoredItem[],
  options: CompareOptions,
): Paired {
  const others = new Map(after.map((item) => [item.docId, item]));
  const both = before.filter(({ docId }) => others.has(docId));
  const matched = both.map(({ docId }) => others.get(docId)!);
  return metric.kind === 'mean'
    ? pairedMeans(name, both, matched)
    : pairedStatistics(task, name, metric, both, matched, options);
}

function pairedMeans(name: string, before: readonly ScoredItem[], after: readonly ScoredItem[]): Paired {
  const [x, y] = [numbersOf(name, before), numbersOf(name, after)];
  const paired = pairedDifference(x, y, { clusters: before.map(({ cluster }) => cluster) });
  const changed = (sign: 1 | -1) =>
    before.filter((_, i) => x[i] !== null && y[i] !== null && (y[i]! - x[i]!) * sign > 0).map(({ docId }) => docId);
  return {
    difference: paired,
    before: paired.before,
    after: paired.after,
    test: paired.test,
    midP: paired.midP,
    fixed: changed(1),
    broken: changed(-1),
    detectable: paired.test === 'mcnemar' ? effectOfShares(paired) : effectOf(paired),
  };
}

/** The same documents are drawn on both sides, so that what they have in common cancels. */
function pairedStatistics(
  task: string,
  name: string,
  metric: Metric,
  before: readonly ScoredItem[],
  after: readonly ScoredItem[],
  { seed, draws }: CompareOptions,
): Paired {
  const places = before.flatMap((item, i) =>
    item.values[name] === null || after[i]!.values[name] === null ? [] : [i],
  );
  const x = places.map((i) => before[i]!);
  const y = places.map((i) => after[i]!);
  const [statisticBefore, statisticAfter] = [statisticOf(metric, name, x), statisticOf(metric, name, y)];
  const difference = bootstrap(
    places.length,
    (drawn) => {
      const [a, b] = [statisticBefore(drawn), statisticAfter(drawn)];
      return a === null || b === null ? null : b - a;
    },
    { clusters: x.map(({ cluster }) => cluster), seed, draws, name: streamName(task, name) },
  );
  const all = places.map((_, place) => place);
  return {
    difference: { ...difference, missing: before.length - places.length },
    before: all.length === 0 ? null : statisticBefore(all),
    after: all.length === 0 ? null : statisticAfter(all),
    test: difference.p === null ? null : 'bootstrap',
    midP: null,
    fixed: null,
    broken: null,
    detectable: effectOf(difference),
  };
}

/** Where no document changed, nothing tells how many would. */
function effectOfShares({ n, fixed, broken }: { readonly n: number; readonly fixed: number; readonly broken: number }) {
  return fixed + broken === 0 ? null : minimumDetectableEffect(n, (fixed + broken) / n);
}

function effectOf({ standardError, df }: Difference): number | null {
  return standardError === null || standardError === 0 || df === null || df <= 0
    ? null
    : detectableEffect(standardError, df);
}

/** Rows in which something got worse: proven first, then by size of the loss in standard errors. */
export function worseFirst(rows: readonly ComparedMetric[]): ComparedMetric[] {
  const loss = ({ difference: { value, standardError }, higherIsBetter }: ComparedMetric) =>
    ((higherIsBetter ? -1 : 1) * (value ?? 0)) / (standardError || 1);
  const rank = ({ verdict }: ComparedMetric) => (verdict === 'regressed' ? 0 : 1);
  return rows
    .filter((row) => row.verdict === 'regressed' || (row.verdict === 'inconclusive' && loss(row) > 0))
    .sort((a, b) => rank(a) - rank(b) || loss(b) - loss(a));
}
