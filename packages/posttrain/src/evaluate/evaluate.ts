import type { JudgeCalibration } from '../scoring/index.ts';
import { CachedJudge } from './judge/cached-judge.ts';
import { CountedJudge, type JudgeReport } from './judge/counted-judge.ts';
import type { Judge } from './judge/judge.ts';
import { type ClosedModel, type EvalModel, whyNotAsked } from './models/eval-model.ts';
import type { ComparedTask } from './results/compare.ts';
import { conclude } from './results/conclude.ts';
import type { EvaluatedModel, Evaluation, NotRun } from './results/evaluation.ts';
import type { RunForgetting } from './results/forgetting.ts';
import type { Requirement } from './results/requirement.ts';
import { type TaskResult, type TaskRun, taskResult } from './results/task-result.ts';
import type { UnitResponse } from './runner/ask.ts';
import type { BatchLimits } from './runner/batches.ts';
import { checkCall, checkJudge } from './runner/checks.ts';
import { type EvaluateEvent, ProgressClock } from './runner/events.ts';
import { findOverlap, type TrainingTexts } from './runner/overlap.ts';
import { type PlannedTask, planTask } from './runner/plan.ts';
import { ResponseCache } from './runner/response-cache.ts';
import { runTask } from './runner/run-task.ts';
import { noteTestReads } from './runner/test-reads.ts';
import type { Task } from './task.ts';

export interface EvaluateOptions {
  /** The first is what the others are compared with. A closed model is opened when its turn comes. */
  readonly models: readonly (EvalModel | ClosedModel)[];
  readonly tasks: readonly Task[];
  /** Files and folders by the names that tasks ask for. */
  readonly data?: Readonly<Record<string, string>>;
  /** Where answers are kept, so that an evaluation goes on where it was stopped. */
  readonly cacheDir: string;
  /** Documents of each task; all without. */
  readonly limit?: number | undefined;
  /** Of sampling, of `limit` and of resampling; 1 without. */
  readonly seed?: number | undefined;
  readonly judge?: Judge | undefined;
  readonly calibration?: JudgeCalibration | undefined;
  /** Lets a model judge its own answers; the rows say so. */
  readonly allowSelfJudge?: boolean | undefined;
  /** Documents found in these texts are reported, and figures are given without them too. */
  readonly training?: TrainingTexts | undefined;
  /** Differences that do not matter, by `task.metric`. */
  readonly margins?: Readonly<Record<string, number>> | undefined;
  readonly requirements?: readonly Requirement[] | undefined;
  /** Resamples of the bootstrap, 2,000 without. */
  readonly draws?: number | undefined;
  /** Folders of the runs under evaluation: the reading of a test split is put on record in each, and an earlier one is told of. */
  readonly testRecords?: readonly string[] | undefined;
  /** What runs said about their own forgetting, by the model's id. */
  readonly forgetting?: Readonly<Record<string, RunForgetting>> | undefined;
  /** Ends the evaluation early: what was answered until then is its result, marked `partial`. */
  readonly signal?: AbortSignal | undefined;
  readonly batch?: BatchLimits | undefined;
}

/**
 * Asks every model every task and compares them on identical documents. Events come as it goes on; the evaluation is what the
 * generator returns.
 *
 * @throws PosttrainError `usage` for a call that cannot run (missing data, a judge that is missing, a figure that is not there),
 * and what reading data or asking a model throws. Answers that came until then stay in the cache.
 */
export async function* evaluate(options: EvaluateOptions): AsyncGenerator<EvaluateEvent, Evaluation, void> {
  const { seed = 1, limit = null, data = {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  checkCall(options);
  const plans: PlannedTask[] = [];
  for (const task of options.tasks) plans.push(await planTask(task, { data, limit, seed }));
  for (const model of options.models) if (!('open' in model)) checkJudge(model, options.tasks, options);
  const requests = plans.reduce((sum, { items }) => sum + distinctRequests(items), 0);
  const clock = new ProgressClock(requests * options.models.length);
  yield {
    type: 'plan',
    tasks: plans.map(({ task, items, of }) => ({ task: task.name, documents: items.length, of })),
    total: requests * options.models.length,
  };
  const remarks = noteTestReads(options.testRecords ?? [], options.tasks, {
    models: options.models.map(({ id }) => id),
    ...{ limit, seed },
  });
  using judge = options.judge && new CachedJudge(options.judge, options.cacheDir);
  const setting: Setting = { plans, clock, signal, judge, overlap: await overlapOf(plans, options, signal), options };
  const answered: AnsweredModel[] = [];
  for (const given of options.models) {
    if (signal.aborted) break;
    const model = 'open' in given ? await given.open() : given;
    try {
      checkJudge(model, options.tasks, options);
      answered.push(yield* answerTasks(model, setting));
    } finally {
      if (Symbol.asyncDispose in model) await (model as AsyncDisposable)[Symbol.asyncDispose]();
    }
  }
  return finish(answered, options, remarks);
}

interface Setting {
  readonly plans: readonly PlannedTask[];
  readonly clock: ProgressClock;
  readonly signal: AbortSignal;
  readonly judge: CachedJudge | undefined;
  /** By task the documents that the training data holds; null where that was not looked for. */
  readonly overlap: ReadonlyMap<string, ReadonlySet<number>> | null;
  readonly options: EvaluateOptions;
}

interface AnsweredModel {
  readonly model: EvaluatedModel;
  readonly tasks: readonly { readonly run: TaskRun; readonly result: TaskResult }[];
  readonly notRun: readonly NotRun[];
}

/** All tasks by one model, or as many as there were until the signal. */
async function* answerTasks(
  model: EvalModel,
  { plans, clock, signal, judge, overlap, options }: Setting,
): AsyncGenerator<EvaluateEvent, AnsweredModel, void> {
  using cache = new ResponseCache<UnitResponse>(options.cacheDir, model.fingerprint);
  const tasks: { readonly run: TaskRun; readonly result: TaskResult }[] = [];
  const notRun: NotRun[] = [];
  for (const planned of plans) {
    const task = planned.task.name;
    const why = whyNotAsked(
      model,
      planned.items.map(({ request }) => request),
    );
    if (why !== null) {
      const one: NotRun = { task, axis: planned.task.axis, model: model.id, why };
      notRun.push(one);
      clock.leaveOut(distinctRequests(planned.items));
      yield { type: 'not-run', ...one };
      continue;
    }
    const counted = judge && planned.task.judged ? new CountedJudge(judge) : null;
    const answering = runTask(model, planned, cache, { signal, judge: counted, batch: options.batch });
    let step = await answering.next();
    for (; !step.done; step = await answering.next()) {
      const { partial } = step.value;
      yield { type: 'progress', model: model.id, task, ...clock.add(step.value), partial };
    }
    const run: TaskRun = {
      task,
      planned,
      model: model.id,
      items: step.value,
      overlapping: overlap?.get(task) ?? null,
      judge: counted && reportOf(counted, model, options),
    };
    const result = taskResult(run, { seed: options.seed ?? 1, draws: options.draws });
    tasks.push({ run, result });
    yield { type: 'task', result };
    if (signal.aborted) break;
  }
  const { id, fingerprint, caveats = [] } = model;
  return { model: { id, fingerprint, caveats, forgetting: options.forgetting?.[id] ?? null }, tasks, notRun };
}

async function overlapOf(plans: readonly PlannedTask[], { training }: EvaluateOptions, signal: AbortSignal) {
  if (!training) return null;
  try {
    return await findOverlap(plans, training, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Runs an evaluation to its end. @param onEvent told everything on the way */
export async function runEvaluation(
  options: EvaluateOptions,
  onEvent: (event: EvaluateEvent) => void = () => {},
): Promise<Evaluation> {
  const events = evaluate(options);
  for (;;) {
    const { value, done } = await events.next();
    if (done) return value;
    onEvent(value);
  }
}

function finish(answered: readonly AnsweredModel[], options: EvaluateOptions, remarks: readonly string[]): Evaluation {
  const all = answered.flatMap(({ tasks }) => tasks);
  return {
    runs: all.map(({ run }) => run),
    result: conclude(
      answered.map(({ model, tasks, notRun }) => ({
        model,
        notRun,
        results: tasks.map(({ result }) => result),
        tasks: new Map(tasks.map(({ run, result }) => [run.task, comparedTask(run, result)])),
      })),
      {
        ...options,
        stopped: options.signal?.aborted === true,
        overlapWith: options.training?.label ?? null,
        remarks,
      },
    ),
  };
}

function comparedTask({ planned, items }: TaskRun, { invalid }: TaskResult): ComparedTask {
  return { axis: planned.task.axis, metrics: planned.task.metrics, items, invalid };
}

function distinctRequests(items: PlannedTask['items']): number {
  return new Set(items.flatMap(({ units }) => units.map(({ key }) => key))).size;
}

function reportOf(judge: CountedJudge, model: EvalModel, { calibration }: EvaluateOptions): JudgeReport {
  return judge.report({
    calibration: calibration ?? null,
    judgesItself: judge.weights === model.fingerprint.weights,
  });
}
