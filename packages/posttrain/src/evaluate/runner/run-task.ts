import type { Interval } from '../../scoring/index.ts';
import { meanEstimate } from '../../scoring/index.ts';
import type { Judge } from '../judge/judge.ts';
import type { EvalModel } from '../models/eval-model.ts';
import { figure, numbersOf } from '../results/metric-result.ts';
import { type ScoredItem, scoreItem } from '../results/scored-item.ts';
import type { Task } from '../task.ts';
import { askBatch, responseOf, type UnitResponse } from './ask.ts';
import { type Batch, type BatchLimits, planBatches } from './batches.ts';
import type { PlannedItem, PlannedTask } from './plan.ts';
import type { ResponseCache } from './response-cache.ts';

/** A figure of the documents answered so far. */
export interface PartialFigure {
  readonly metric: string;
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly n: number;
}

export interface BatchDone {
  /** Requests of the batch, and how many of them had to be asked. */
  readonly done: number;
  readonly asked: number;
  readonly partial: PartialFigure;
}

export interface TaskContext {
  readonly signal: AbortSignal;
  readonly judge: Judge | null;
  readonly batch?: BatchLimits | undefined;
}

/**
 * Asks and scores a task, batch by batch. An aborted signal ends it early, with what was scored until then.
 * @returns the scored items in the order of the documents
 */
export async function* runTask(
  model: EvalModel,
  { task, items }: PlannedTask,
  cache: ResponseCache<UnitResponse>,
  context: TaskContext,
): AsyncGenerator<BatchDone, readonly ScoredItem[], void> {
  const scored = new Map<number, ScoredItem>();
  const waiting = itemsByKey(items);
  for (const batch of planBatches(items, context.batch)) {
    if (context.signal.aborted) break;
    try {
      const asked = await askBatch(model, batch, cache, { signal: context.signal });
      for (const item of await scoreReady(task, readyItems(batch, waiting, scored), cache, context))
        scored.set(item.docId, item);
      yield { done: batch.length, asked, partial: partialFigure(task, scored) };
    } catch (error) {
      if (!context.signal.aborted) throw error;
    }
  }
  return inOrder(scored);
}

function inOrder(scored: ReadonlyMap<number, ScoredItem>): ScoredItem[] {
  return [...scored.values()].sort((a, b) => a.docId - b.docId);
}

function itemsByKey(items: readonly PlannedItem[]): ReadonlyMap<string, readonly PlannedItem[]> {
  const byKey = new Map<string, PlannedItem[]>();
  for (const item of items) {
    for (const { key } of item.units) {
      const sharing = byKey.get(key);
      if (sharing) sharing.push(item);
      else byKey.set(key, [item]);
    }
  }
  return byKey;
}

/** Items that a batch may have completed, each once. */
function readyItems(
  batch: Batch,
  waiting: ReadonlyMap<string, readonly PlannedItem[]>,
  scored: ReadonlyMap<number, ScoredItem>,
): readonly PlannedItem[] {
  const touched = new Map(batch.flatMap(({ key }) => waiting.get(key) ?? []).map((item) => [item.docId, item]));
  return [...touched.values()].filter(({ docId }) => !scored.has(docId));
}

async function scoreReady(
  task: Task,
  items: readonly PlannedItem[],
  cache: ResponseCache<UnitResponse>,
  context: TaskContext,
): Promise<ScoredItem[]> {
  const complete = items.flatMap((item) => {
    const response = responseOf(item, cache);
    return response ? [{ item, response }] : [];
  });
  return Promise.all(complete.map(({ item, response }) => scoreItem(task, item, response, context)));
}

/** The task's headline so far. Only a mean has an interval that is cheap enough to be made after every batch. */
function partialFigure(task: Task, scored: ReadonlyMap<number, ScoredItem>): PartialFigure {
  const [name, metric] = Object.entries(task.metrics)[0]!;
  const items = [...scored.values()];
  if (metric.kind !== 'mean')
    return { metric: name, value: figure(metric, name, items), interval: null, n: items.length };
  const { value, interval, n } = meanEstimate(numbersOf(name, items), {
    clusters: items.map(({ cluster }) => cluster),
  });
  return { metric: name, value, interval, n };
}
