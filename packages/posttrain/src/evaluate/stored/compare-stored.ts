import { basename, resolve } from 'node:path';
import type { Metric } from '../metric.ts';
import { checkNames, type NamedFigures } from '../results/check-names.ts';
import type { ComparedTask } from '../results/compare.ts';
import { type ConcludedModel, conclude } from '../results/conclude.ts';
import type { ReportedEvaluation } from '../results/evaluation.ts';
import type { MetricResult } from '../results/metric-result.ts';
import type { TaskResult } from '../results/task-result.ts';
import type { Task } from '../task.ts';
import type { StoredModel } from './read-evaluation.ts';
import type { StoredItem } from './sample-item.ts';

export interface CompareStoredOptions extends NamedFigures {
  /** Tasks whose code is at hand: figures that are no means need it. */
  readonly tasks: readonly Task[];
  readonly seed?: number | undefined;
  readonly draws?: number | undefined;
}

/**
 * Compares models of evaluations that were written before, without asking any. Documents are paired by the hash of what they are;
 * figures of other versions of a task, of other prompts and of other judges are not compared.
 * @throws PosttrainError `usage` for a requirement or a margin on a figure that is not there
 */
export function compareStored(models: readonly StoredModel[], options: CompareStoredOptions): ReportedEvaluation {
  const ids = distinctIds(models);
  const sides = models.map((one, i) => sideOf(one, ids[i]!, i === 0 ? null : models[0]!, options.tasks));
  checkNames(
    options,
    sides.flatMap(({ tasks }) => [...tasks].map(([name, { metrics }]) => ({ name, metrics }))),
    models.length,
  );
  const result = conclude(sides, {
    ...options,
    stopped: false,
    overlapWith: null,
    remarks: models.slice(1).flatMap((other, i) => remarksOn(models[0]!, ids[0]!, other, ids[i + 1]!)),
  });
  const runs = sides.flatMap(({ model, runs: own }) => own.map((run) => ({ ...run, model: model.id })));
  return { result, runs };
}

/** Models of two evaluations may be called the same; then the folders tell them apart. */
function distinctIds(models: readonly StoredModel[]): string[] {
  const ids = models.map(({ model }) => model.id);
  if (new Set(ids).size === ids.length) return ids;
  const named = models.map(({ model, folder }) => `${model.id} (${basename(resolve(folder))})`);
  return new Set(named).size === named.length ? named : models.map(({ model, folder }) => `${model.id} (${folder})`);
}

function sideOf(stored: StoredModel, id: string, first: StoredModel | null, tasks: readonly Task[]) {
  const results = stored.results.map((result) => ({ ...result, model: id }));
  const runs = results.map(({ task }) => {
    const items = renumbered(stored.items.get(task)!, first?.items.get(task) ?? null);
    return { task, items, overlapping: null };
  });
  const compared = new Map(
    results.map((result, i): [string, ComparedTask] => {
      const known = tasks.find(({ name, version }) => name === result.task && version === result.version);
      const other = first?.results.find(({ task }) => task === result.task);
      const why = other && first && whyOtherwise(result, stored, other, first);
      const unknown = result.metrics.filter(({ name, kind }) => kind === 'aggregate' && !known?.metrics[name]);
      return [
        result.task,
        {
          axis: result.axis,
          metrics: Object.fromEntries(result.metrics.map((metric) => [metric.name, metricOf(metric, known)])),
          items: runs[i]!.items,
          invalid: result.invalid,
          notComparable: Object.fromEntries([
            ...unknown.map(({ name }) => [
              name,
              `it is made by the code of ${result.task}: name its file with --tasks`,
            ]),
            ...(why ? result.metrics.map(({ name }) => [name, why]) : []),
          ]) as Record<string, string>,
        },
      ];
    }),
  );
  const model: ConcludedModel['model'] = { ...stored.model, id };
  return { model, results, notRun: stored.notRun.map((one) => ({ ...one, model: id })), tasks: compared, runs };
}

/** Items under the numbers of the first side's documents, so that equal documents meet; others get numbers of their own. */
function renumbered(items: readonly StoredItem[], first: readonly StoredItem[] | null) {
  if (first === null) return items.map(({ item }) => item);
  const numbers = new Map<string, number[]>();
  for (const { docHash, item } of first) numbers.set(docHash, [...(numbers.get(docHash) ?? []), item.docId]);
  let free = Math.max(-1, ...first.map(({ item }) => item.docId), ...items.map(({ item }) => item.docId)) + 1;
  return items.map(({ docHash, item }) => ({ ...item, docId: numbers.get(docHash)?.shift() ?? free++ }));
}

function metricOf(metric: MetricResult, known: Task | undefined): Metric {
  const own = known?.metrics[metric.name];
  if (own) return own;
  const { about, axis, unit, perToken, ideal, higherIsBetter, kind } = metric;
  const reading = {
    about,
    axis,
    unit,
    perToken,
    ...(ideal === null ? { higherIsBetter: higherIsBetter! } : { ideal }),
  };
  return kind === 'aggregate' ? { ...reading, kind, compute: () => null } : { ...reading, kind };
}

/** Why two results of a task do not measure the same, or null. */
function whyOtherwise(result: TaskResult, stored: StoredModel, other: TaskResult, first: StoredModel): string | null {
  if (result.version !== other.version)
    return `it is version ${other.version} of the task on one side and ${result.version} on the other`;
  if ((result.judge?.fingerprint ?? null) !== (other.judge?.fingerprint ?? null))
    return `it was judged by ${other.judge?.id ?? 'nobody'} on one side and by ${result.judge?.id ?? 'nobody'} on the other`;
  const asked = new Map(first.items.get(result.task)!.map(({ docHash, askedHash }) => [docHash, askedHash] as const));
  const otherwise = stored.items
    .get(result.task)!
    .filter(({ docHash, askedHash }) => asked.has(docHash) && asked.get(docHash) !== askedHash).length;
  return otherwise === 0 ? null : `${otherwise} documents were asked in other words`;
}

function remarksOn(first: StoredModel, firstId: string, other: StoredModel, otherId: string): string[] {
  const [a, b] = [first.model.fingerprint, other.model.fingerprint];
  const both = `${firstId} and ${otherId}`;
  return [
    ...(a.weights === b.weights ? [`${both} have the same weights.`] : []),
    ...(a.dtype === b.dtype
      ? []
      : [`${both} were computed in ${a.dtype} and ${b.dtype}: small differences may come from that.`]),
    ...(a.engine === b.engine ? [] : [`${both} were computed by ${a.engine} and ${b.engine}.`]),
  ];
}
