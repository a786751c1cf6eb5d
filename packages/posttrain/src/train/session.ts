import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AskScore, TrainRequest, TrainResult } from '../engine/protocol.ts';
import type { Stopping } from '../engine/stopping.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import { type LoadedModel, loadCausalLm } from '../models/load.ts';
import { switchOffAdapters } from '../models/lora/adapters.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { settlePrecision } from '../models/precision.ts';
import { computeLevel } from '../native/kernel-switch.ts';
import { type Engine, ensureEngine } from '../native/setup.ts';
import {
  type Checkpoint,
  type EngineFacts,
  type ForgettingFiles,
  type ResolvedRecipe,
  type RunEvent,
  RunFolder,
  refuseOccupied,
} from '../runs/index.ts';
import { toPosttrainError } from '../support/errors.ts';
import { build, scope, type Tensor, trimMemory } from '../tensor/index.ts';
import { Alarms } from './alarms.ts';
import { readLiveState, restoreState, writeCheckpointFiles } from './checkpoint-files.ts';
import { continueFolder, findCheckpoint, warnOfChangedData } from './continue-run.ts';
import { type ForgettingData, readForgettingData } from './forgetting/encode.ts';
import { settleForgetting } from './forgetting/files.ts';
import { ForgettingMeter } from './forgetting/meter.ts';
import { planForgetting, trainingTokens } from './forgetting/plan.ts';
import { causalLm } from './head.ts';
import { loadTeacher } from './load-teacher.ts';
import { type LoopOptions, trainLoop } from './loop.ts';
import { makeTrainable } from './make-trainable.ts';
import type { Compared } from './method.ts';
import { methods } from './methods/index.ts';
import type { Reference } from './objectives/pair-logps.ts';
import { makeOptimizer } from './optimizers/index.ts';
import { checkStored, prepareTeacher, type TeacherSetup } from './prepare-teacher.ts';
import { Recorder } from './recorder.ts';
import { measureReference } from './reference.ts';
import { type HeldModel, ReferenceModel } from './reference-model.ts';
import { resumedRecipe } from './resume-recipe.ts';
import type { RolloutWorld } from './rollouts/live-source.ts';
import { scheduleFactor } from './schedule.ts';
import { settleMicroBatch, settleThreads } from './settle.ts';
import { prepareAdapters, refuseAdapterOfAdapter } from './train-adapters.ts';
import { contextOf, refuseUnknownIds, settleMaxTokens, type TrainingRows } from './training-rows.ts';

/**
 * One training run from recipe to last checkpoint. Everything the user gave is read and checked before the run folder
 * is made, so that a mistake leaves nothing behind.
 */
export async function runSession(
  request: TrainRequest,
  emit: (event: RunEvent) => void,
  { stop, abort }: Stopping,
  ask: AskScore,
): Promise<TrainResult> {
  const resuming = request.resume && existsSync(join(request.dir, 'run.json'));
  if (!resuming) refuseOccupied(request.dir);
  const engine = await ensureEngine(
    ({ done, total }) => emit({ type: 'progress', what: 'setup', done, total: total || null }),
    { signal: abort },
  );
  using folder = resuming ? RunFolder.resume(request.dir) : undefined;
  const checkpoint = folder ? await findCheckpoint(folder, emit) : null;

  const source = resolveModelFolder(request.recipe.model);
  const settled = settle(folder ? resumedRecipe(folder.resolved, request.recipe) : request.recipe, source);
  const created = folder ? new Date(folder.info.created) : new Date();
  const rows = await methods[settled.method]!.rows(settled, source, {
    signal: abort,
    now: created,
    onProgress: (done, total) => emit({ type: 'progress', what: 'tokenize', done, total }),
  });
  const load = methods[settled.method]!.load ?? loadCausalLm;
  const { lora, init, seed } = settled;
  if (lora) refuseAdapterOfAdapter(source);
  const weights =
    checkpoint && !lora
      ? load(checkpoint.path, {}, settled)
      : load(source, { init, seed, precision: lora ? settled.precision : 'fp32' }, settled);
  using _model = weights.model;
  if (lora) prepareAdapters(weights.model, lora, seed, checkpoint?.path);
  // Tokenizer and config of later checkpoints come from the base: the checkpoint resumed from is deleted in time.
  const loaded = { ...weights, folder: source };
  const choice = methods[settled.method]!.teacher?.of(settled);
  using teacher = choice ? loadTeacher(choice, loaded.model, rows.longestPack) : undefined;
  const recipe = settleForModel(settled, loaded.model, rows, teacher);
  checkStored(storedOf(recipe, loaded.model, rows, teacher));
  const forgetting = recipe.forgetting
    ? await readForgettingData(recipe.forgetting as ForgettingFiles, rows.tokenizer, loaded.model.dimensions)
    : null;
  const facts: EngineFacts = {
    torch: build().torch,
    threads: recipe.threads as number,
    cpuLevel: computeLevel(),
    addon: addonKey(engine),
  };
  abort.throwIfAborted();
  using made = folder ? undefined : newFolder(request, recipe, rows, facts, created);
  const run = made ?? continueFolder(folder!, checkpoint, facts, emit);
  await warnOfChangedData(folder, emit);
  return await carryOut({ folder: run, recipe, rows, forgetting, loaded, teacher, checkpoint, emit, stop, ask });
}

/** What must be known before rows are read. */
function settle(recipe: ResolvedRecipe, modelFolder: string): ResolvedRecipe {
  return {
    ...recipe,
    threads: settleThreads(recipe.threads),
    forgetting: settleForgetting(recipe.forgetting, modelFolder),
    data: { ...recipe.data, maxTokens: settleMaxTokens(recipe.data.maxTokens, contextOf(modelFolder)) },
  };
}

/** Every remaining `auto` becomes a value, and epochs become steps. */
function settleForModel(
  given: ResolvedRecipe,
  model: Decoder,
  rows: TrainingRows,
  teacher: CausalLm | undefined,
): ResolvedRecipe {
  refuseUnknownIds(rows, model.dimensions.vocabulary);
  const recipe = teacher ? methods[given.method]!.teacher!.settled(given, teacher.dimensions) : given;
  return {
    ...recipe,
    precision: settlePrecision(recipe.precision, model.dimensions),
    microBatch: settleMicroBatch(recipe.microBatch, recipe.batch, rows.longestPack, model, recipe.recompute),
  };
}

function newFolder(
  request: TrainRequest,
  resolved: ResolvedRecipe,
  rows: TrainingRows,
  engine: EngineFacts,
  created: Date,
): RunFolder {
  const { sources, validation } = rows.report;
  const files = [...sources, ...(validation ? [validation] : [])].flatMap((source) => source.files);
  return RunFolder.create(request.dir, {
    given: request.given,
    overrides: request.overrides,
    resolved,
    engine,
    data: files.map(({ file, sha256, bytes }) => ({ path: file, sha256, bytes })),
    dataReport: rows.report,
    created,
  });
}

interface Prepared {
  readonly folder: RunFolder;
  readonly recipe: ResolvedRecipe;
  readonly rows: TrainingRows;
  readonly forgetting: ForgettingData | null;
  readonly loaded: LoadedModel<Decoder>;
  readonly teacher: CausalLm | undefined;
  readonly checkpoint: Checkpoint | null;
  readonly emit: (event: RunEvent) => void;
  readonly stop: AbortSignal;
  readonly ask: AskScore;
}

async function carryOut(prepared: Prepared): Promise<TrainResult> {
  const { folder, recipe, rows, loaded, checkpoint, emit, stop } = prepared;
  const method = methods[recipe.method]!;
  const { source } = rows;
  const steps = recipe.steps ?? Math.max(1, Math.ceil(recipe.epochs! * source.stepsPerEpoch));
  using trainable = makeTrainable(loaded.model, recipe.precision as 'fp32' | 'bf16');
  using optimizer = makeOptimizer(trainable, recipe.optimizer);
  if (checkpoint) restoreState(checkpoint.path, trainable, optimizer);
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
    seed: recipe.seed,
  });
  if (checkpoint) recorder.resumed(checkpoint.step);
  recorder.data(rows.report);
  const { schedule } = recipe;
  const loopOptions = (compared: Compared): LoopOptions => ({
    model: loaded.model,
    trainable,
    optimizer,
    source: live ?? source,
    objective: method.objective(recipe, compared),
    validation: rows.validation,
    steps,
    microBatch: recipe.microBatch as number,
    learningRate: (step) => recipe.lr * scheduleFactor(step, steps, { floor: 0, hold: 0, ...schedule }),
    clip: recipe.clip,
    recompute: recipe.recompute,
    seed: recipe.seed,
    every: recipe.every,
  });
  using references = new ReferenceModel(() => modelBefore(prepared));
  using live = rows.live?.start(worldOf(prepared, references));
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

function storedOf(recipe: ResolvedRecipe, student: Decoder, rows: TrainingRows, teacher: CausalLm | undefined) {
  const store = methods[recipe.method]!.teacher?.store(recipe) ?? null;
  return { store, model: teacher, rows: rows.compared, vocabulary: student.dimensions.vocabulary };
}

function teacherSetup({ recipe, loaded, rows, teacher, emit, stop }: Prepared): TeacherSetup {
  return {
    ...storedOf(recipe, loaded.model, rows, teacher),
    privileged: rows.privileged,
    together: recipe.microBatch as number,
    stopRequested: () => stop.aborted,
    onProgress: (done: number, total: number) => emit({ type: 'progress', what: 'teacher', done, total }),
  };
}

/** Measured on the model as the run found it: the one that is loaded, or, where that has been trained since, the source again. */
function referenceOf({ rows, folder, recipe, loaded, checkpoint, emit, stop }: Prepared): Promise<Reference | null> {
  const setup = {
    rows: rows.compared,
    dir: folder.dir,
    together: recipe.microBatch as number,
    stopRequested: () => stop.aborted,
    onProgress: (done: number, total: number) => emit({ type: 'progress', what: 'reference', done, total }),
  };
  return measureReference(setup, async (measure) => {
    if (!checkpoint || recipe.lora) {
      // Beside trained adapters stands the model as it was.
      using _frozen = switchOffAdapters(loaded.model);
      return await measure(causalLm(loaded.model));
    }
    using before = modelBefore({ recipe, loaded });
    return await measure(before.model);
  });
}

/** The model as the run found it, loaded anew, in the arithmetic of training. */
function modelBefore({ recipe, loaded }: Pick<Prepared, 'recipe' | 'loaded'>): HeldModel {
  const { model } = loadCausalLm(loaded.folder, { init: recipe.init, seed: recipe.seed });
  const trainable = makeTrainable(model, recipe.precision as 'fp32' | 'bf16');
  const dispose = () => {
    trainable[Symbol.dispose]();
    model[Symbol.dispose]();
  };
  return { model, [Symbol.dispose]: dispose };
}

/** What a method whose rows the model writes itself draws on. */
function worldOf(
  { loaded, rows, folder, recipe, checkpoint, stop, ask }: Prepared,
  references: ReferenceModel,
): RolloutWorld {
  return {
    ...{ model: causalLm(loaded.model), tokenizer: rows.tokenizer, folder, ask, stop },
    together: recipe.microBatch as number,
    withReference: (measure) => {
      if (!recipe.lora) return measure(references.model);
      using _frozen = switchOffAdapters(loaded.model);
      return measure(causalLm(loaded.model));
    },
    resumed: checkpoint ? readLiveState(checkpoint.path) : null,
  };
}

function makeMeter({ forgetting, folder, recipe, loaded, emit, stop }: Prepared, trained: number) {
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

/** The name of the addon's folder in the cache says what it was built from. */
function addonKey({ addon }: Engine): string {
  const parts = addon.split(/[\\/]/);
  return parts.at(-2) ?? basename(addon);
}
