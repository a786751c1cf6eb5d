import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AskScore, TrainRequest, TrainResult } from '../engine/protocol.ts';
import type { Stopping } from '../engine/stopping.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import { loadCausalLm } from '../models/load.ts';
import { trainedParameters } from '../models/lora/adapters.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { settlePrecision } from '../models/precision.ts';
import { computeLevel } from '../native/kernel-switch.ts';
import { type Engine, ensureEngine } from '../native/setup.ts';
import {
  type EngineFacts,
  type ForgettingFiles,
  type ResolvedRecipe,
  type RunEvent,
  RunFolder,
  refuseOccupied,
} from '../runs/index.ts';
import { build } from '../tensor/index.ts';
import { carryOut } from './carry-out.ts';
import { chooseMethod } from './choose-method.ts';
import { continueFolder, findCheckpoint, warnOfChangedData } from './continue-run.ts';
import { readForgettingData } from './forgetting/encode.ts';
import { settleForgetting } from './forgetting/files.ts';
import { loadCritic } from './load-critic.ts';
import { loadTeacher } from './load-teacher.ts';
import { type MemoryPlan, type PlannedModel, planMemory } from './memory-plan.ts';
import type { Method } from './method.ts';
import { checkStored, storedOf } from './prepare-teacher.ts';
import { resumedRecipe } from './resume-recipe.ts';
import { memoryWarning, settleMicroBatch, settleThreads } from './settle.ts';
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
  const { method, recipe: given } = await chooseMethod(request.recipe, request.codeFolder);
  const settled = settle(folder ? resumedRecipe(folder.resolved, given) : given, source);
  const created = folder ? new Date(folder.info.created) : new Date();
  const rows = await method.rows(settled, source, {
    signal: abort,
    now: created,
    onProgress: (done, total) => emit({ type: 'progress', what: 'tokenize', done, total }),
  });
  const load = method.load ?? loadCausalLm;
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
  const choice = method.teacher?.of(settled);
  using teacher = choice ? loadTeacher(choice, loaded.model, rows.longestPack) : undefined;
  const valued = method.critic?.of(settled);
  const critic = valued && loadCritic(valued, settled, loaded, rows.longestPack, checkpoint?.path);
  using _critic = critic?.model;
  const recipe = settleForModel(method, settled, loaded.model, rows, { teacher, critic: critic?.model });
  checkStored(storedOf(method, recipe, loaded.model, rows, teacher));
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
  const memory = planOf(recipe, loaded.model, rows, { teacher, critic: critic?.model });
  const tight = memoryWarning(memory);
  if (tight) emit({ type: 'warning', ...tight });
  return await carryOut({
    folder: run,
    memory,
    method,
    recipe,
    rows,
    forgetting,
    loaded,
    teacher,
    critic,
    checkpoint,
    emit,
    stop,
    ask,
  });
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

/** Models that stand in memory beside the one that is trained. */
interface Beside {
  readonly teacher: CausalLm | undefined;
  readonly critic: Decoder | undefined;
}

/** Every remaining `auto` becomes a value, and epochs become steps. */
function settleForModel(
  method: Method,
  given: ResolvedRecipe,
  model: Decoder,
  rows: TrainingRows,
  beside: Beside,
): ResolvedRecipe {
  refuseUnknownIds(rows, model.dimensions.vocabulary);
  const { teacher } = beside;
  const recipe = teacher ? method.teacher!.settled(given, teacher.dimensions) : given;
  const precision = settlePrecision(recipe.precision, model.dimensions);
  const planned = plannedModel(recipe, model, beside);
  const pass = { precision, longestPack: rows.longestPack };
  return {
    ...recipe,
    precision,
    microBatch: settleMicroBatch(recipe, planned, pass),
  };
}

function planOf(recipe: ResolvedRecipe, model: Decoder, rows: TrainingRows, beside: Beside): MemoryPlan {
  return planMemory(recipe, plannedModel(recipe, model, beside), {
    precision: recipe.precision as 'fp32' | 'bf16',
    microBatch: recipe.microBatch as number,
    longestPack: rows.longestPack,
  });
}

function plannedModel(recipe: ResolvedRecipe, model: Decoder, { teacher, critic }: Beside): PlannedModel {
  const trained = recipe.lora ? trainedParameters(model).reduce((sum, [, { count }]) => sum + count, 0) : undefined;
  return { dimensions: model.dimensions, trained, teacher: teacher?.dimensions, critic: critic?.dimensions };
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

/** The name of the addon's folder in the cache says what it was built from. */
function addonKey({ addon }: Engine): string {
  const parts = addon.split(/[\\/]/);
  return parts.at(-2) ?? basename(addon);
}
