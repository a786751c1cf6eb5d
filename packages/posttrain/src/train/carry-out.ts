import type { TrainResult } from '../engine/protocol.ts';
import { toPosttrainError } from '../support/errors.ts';
import { scope, type Tensor, trimMemory } from '../tensor/index.ts';
import { Alarms } from './alarms.ts';
import { restoreState, writeCheckpointFiles } from './checkpoint-files.ts';
import { Critic } from './critic.ts';
import { ForgettingMeter } from './forgetting/meter.ts';
import { planForgetting, trainingTokens } from './forgetting/plan.ts';
import { causalLm } from './head.ts';
import { type LoopOptions, trainLoop } from './loop.ts';
import { makeTrainable } from './make-trainable.ts';
import type { Compared } from './method.ts';
import { modelBefore, referenceOf, worldOf } from './model-before.ts';
import { makeOptimizer } from './optimizers/index.ts';
import { prepareTeacher, storedOf, type TeacherSetup } from './prepare-teacher.ts';
import type { PreparedRun } from './prepared-run.ts';
import { Recorder } from './recorder.ts';
import { ReferenceModel } from './reference-model.ts';
import { scheduleFactor } from './schedule.ts';

/** Trains: from the first step, or the one after the checkpoint, to the last. */
export async function carryOut(prepared: PreparedRun): Promise<TrainResult> {
  const { folder, method, recipe, rows, loaded, checkpoint, emit, stop } = prepared;
  const { source } = rows;
  const steps = recipe.steps ?? Math.max(1, Math.ceil(recipe.epochs! * source.stepsPerEpoch));
  using trainable = makeTrainable(loaded.model, recipe.precision as 'fp32' | 'bf16');
  using optimizer = makeOptimizer(trainable, recipe.optimizer);
  if (checkpoint) restoreState(checkpoint.path, { trainable, optimizer });
  using critic = prepared.critic && new Critic(prepared.critic, prepared);
  const recorder = new Recorder(folder, emit, steps);
  recorder.begin({
    id: folder.info.id,
    method: recipe.method,
    model: recipe.model,
    parameters: scope(() => countOf(loaded.model.parameters())),
    trainedParameters: scope(() => countOf(trainable.masters)),
    stepsPerEpoch: source.stepsPerEpoch,
    batch: recipe.batch,
    microBatch: recipe.microBatch as number,
    precision: recipe.precision as 'fp32' | 'bf16',
    threads: recipe.threads as number,
    plannedMemory: prepared.memory,
    seed: recipe.seed,
  });
  if (checkpoint) recorder.resumed(checkpoint.step);
  recorder.data(rows.report);
  const factor = (step: number) => scheduleFactor(step, steps, { floor: 0, hold: 0, ...recipe.schedule });
  const loopOptions = (compared: Compared): LoopOptions => ({
    model: loaded.model,
    trainable,
    optimizer,
    source: live ?? source,
    objective: method.objective(recipe, compared),
    validation: rows.validation,
    steps,
    microBatch: recipe.microBatch as number,
    learningRate: (step) => recipe.lr * factor(step),
    ...(critic ? { companions: [critic.companion(factor)] } : {}),
    clip: recipe.clip,
    recompute: recipe.recompute,
    seed: recipe.seed,
    every: recipe.every,
  });
  using references = new ReferenceModel(() => modelBefore(prepared));
  using live = rows.live?.start(worldOf(prepared, references, critic));
  const alarms = new Alarms(recipe.alarms ?? []);
  const meter = makeMeter(prepared, rows.live ? rows.live.tokensPerStep * steps : trainingTokens(source, steps));
  let last = checkpoint?.path ?? '';
  try {
    const unmeasured = await meter?.before(checkpoint?.step ?? 0);
    if (unmeasured) recorder.forgetting(unmeasured);
    // Null after a stop too: then the loop takes no step.
    const reference = method.usesReference(recipe) ? await referenceOf(prepared) : null;
    using taught = await prepareTeacher(teacherSetup(prepared));
    recorder.leaveOut();
    const course = await trainLoop(checkpoint?.step ?? 0, loopOptions({ reference, teacher: taught }), {
      onStep: (report) => {
        recorder.step(report);
        for (const ringing of alarms.check(report)) recorder.warn(ringing);
      },
      onEvaluate: (report) => {
        recorder.evaluated(report);
        trimMemory(); // seldom enough to cost nothing, often enough that holes between blocks do not add up
      },
      saveCheckpoint: async (step) => {
        const adapters = recipe.lora && { settings: recipe.lora, base: recipe.model };
        const parts = {
          loaded,
          trainable,
          optimizer,
          template: rows.template,
          adapters,
          critic,
          live: live?.state(step) ?? null,
        };
        const written = await folder.writeCheckpoint(step, (temporary) => writeCheckpointFiles(temporary, step, parts));
        last = written.path;
        recorder.saved(step, last);
        trimMemory();
      },
      stopRequested: () => stop.aborted || alarms.stopping,
    });
    const forgetting = course.status === 'finished' ? await meter?.after() : undefined;
    if (forgetting && !unmeasured) recorder.forgetting(forgetting);
    // Stopped while it was measured: all steps are done, and resuming does the rest.
    const status = meter && !forgetting ? 'stopped' : course.status;
    folder.setStatus(status, course.step);
    recorder.finished(status, last);
    return { status, checkpoint: last, steps: course.step, forgetting: forgetting ?? null };
  } catch (thrown) {
    const error = toPosttrainError(thrown, 'engine-failed');
    folder.setStatus('failed', recorder.steps, error.message);
    throw error;
  }
}

function teacherSetup({ method, recipe, loaded, rows, teacher, emit, stop }: PreparedRun): TeacherSetup {
  return {
    ...storedOf(method, recipe, loaded.model, rows, teacher),
    privileged: rows.privileged,
    together: recipe.microBatch as number,
    stopRequested: () => stop.aborted,
    onProgress: (done: number, total: number) => emit({ type: 'progress', what: 'teacher', done, total }),
  };
}

function makeMeter({ forgetting, folder, recipe, loaded, emit, stop }: PreparedRun, trained: number) {
  if (forgetting === null) return undefined;
  const plan = planForgetting(forgetting, { trainingTokens: trained, init: recipe.init });
  const precision = recipe.precision as 'fp32' | 'bf16';
  return new ForgettingMeter(
    { model: causalLm(loaded.model), data: forgetting, plan, precision, folder },
    {
      stopRequested: () => stop.aborted,
      onProgress: (done, total) => emit({ type: 'progress', what: 'forgetting', done, total }),
    },
  );
}

function countOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { count }) => sum + count, 0);
}
