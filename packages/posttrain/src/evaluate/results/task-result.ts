import { type Outcome, outcomes } from '../../scoring/index.ts';
import type { DataFile } from '../data-source.ts';
import type { JudgeReport } from '../judge/counted-judge.ts';
import type { Axis } from '../metric.ts';
import type { PlannedTask } from '../runner/plan.ts';
import { countItems, type ItemCounts, invalidReason } from './guards.ts';
import { type FigureOptions, type MetricResult, metricResults } from './metric-result.ts';
import type { ScoredItem } from './scored-item.ts';

/** What one model made of one task. Plain JSON, the same for the same answers. */
export interface TaskResult {
  readonly task: string;
  readonly version: number;
  readonly axis: Axis;
  readonly about: string;
  readonly split: string;
  readonly model: string;
  /** Documents that were answered. */
  readonly n: number;
  /** Documents that were to be answered. */
  readonly planned: number;
  /** Documents of the task before `limit`. */
  readonly of: number;
  /** Not all planned documents were answered. */
  readonly partial: boolean;
  /** Why the figures mean nothing; null where they do. */
  readonly invalid: string | null;
  readonly metrics: readonly MetricResult[];
  /** How many answers of each kind; null where the task gives none. */
  readonly outcomes: Readonly<Record<Outcome, number>> | null;
  readonly counts: ItemCounts;
  /** Documents that the training data holds; null where that was not looked for. */
  readonly overlap: number | null;
  readonly judge: JudgeReport | null;
  readonly data: readonly DataFile[];
}

/** The items of a task and a model, as samples.jsonl and the page show them. */
export interface ScoredRun {
  readonly task: string;
  readonly model: string;
  /** In the order of the documents. */
  readonly items: readonly ScoredItem[];
  /** Places of documents that the training data holds; null where that was not looked for. */
  readonly overlapping: ReadonlySet<number> | null;
}

export interface TaskRun extends ScoredRun {
  readonly planned: PlannedTask;
  readonly judge: JudgeReport | null;
}

export function taskResult({ planned, model, items, overlapping, judge }: TaskRun, options: FigureOptions): TaskResult {
  const { task, of, source } = planned;
  return {
    task: task.name,
    version: task.version,
    axis: task.axis,
    about: task.about,
    split: task.split,
    model,
    n: items.length,
    planned: planned.items.length,
    of,
    partial: items.length < planned.items.length,
    invalid: items.length === 0 ? 'no document was answered' : invalidReason(items),
    metrics: metricResults(task, items, overlapping, options),
    outcomes: outcomesOf(items),
    counts: countItems(items),
    overlap: overlapping && items.filter(({ docId }) => overlapping.has(docId)).length,
    judge,
    data: source?.read ?? [],
  };
}

function outcomesOf(items: readonly ScoredItem[]): TaskResult['outcomes'] {
  if (!items.some(({ outcome }) => outcome !== null)) return null;
  const count = (name: Outcome) => items.filter(({ outcome }) => outcome === name).length;
  return Object.fromEntries(outcomes.map((name) => [name, count(name)])) as Record<Outcome, number>;
}
