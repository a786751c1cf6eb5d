import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Decoder } from '../models/decoder.ts';
import type { LoadedModel } from '../models/load.ts';
import { writeAdapterFiles } from '../models/lora/adapter-folder.ts';
import type { LoraSettings } from '../models/lora/adapters.ts';
import { copyCompanions, saveModelFolder, wholeModelFile } from '../models/save.ts';
import { PosttrainError } from '../support/errors.ts';
import { type DType, noGrad, SafetensorsFile, scope, type Tensor, writeSafetensors } from '../tensor/index.ts';
import { copyForgettingFiles } from './forgetting/files.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { Trainable } from './trainable.ts';

/** What a checkpoint holds beside the model folder. In a folder of its own, so that tools which load every safetensors file pass it by. */
const stateFolder = 'training';
const liveFile = 'live.json';
/** Of a value model, a model folder of its own inside the checkpoint. */
export const criticFolder = 'critic';
const masterPrefix = 'master:';

interface TrainingState {
  readonly version: 1;
  /** Optimizer steps done. Data order and random numbers follow from it. */
  readonly step: number;
  readonly optimizerSteps: number;
}

/** What is trained, and what its training remembers. */
interface Learning {
  readonly trainable: Trainable;
  readonly optimizer: Optimizer;
}

export interface CheckpointParts extends Learning {
  readonly loaded: LoadedModel<Decoder>;
  /** A chat template given by the recipe, which goes with the model from now on. */
  readonly template?: string | undefined;
  /** Where adapters are trained: how they were made, and the base as the recipe names it. */
  readonly adapters?: { readonly settings: LoraSettings; readonly base: string } | undefined;
  /** A value model that is trained beside the policy. */
  readonly critic?: (Learning & { readonly loaded: LoadedModel<Decoder> }) | undefined;
  /** What the source of batches cannot make again, as JSON; null: nothing. */
  readonly live?: unknown;
}

/**
 * Writes model, optimizer and state into `folder`. Weights are stored in the type the base came in; where that is
 * shorter than float32, the float32 masters are part of the state, so that resuming loses no bit. Of a model that adapters
 * are trained of, these alone are stored, in PEFT's form and in float32.
 */
export function writeCheckpointFiles(
  folder: string,
  step: number,
  { loaded, trainable, optimizer, template, adapters, critic, live = null }: CheckpointParts,
): void {
  const storedDtype = adapters ? 'float32' : loaded.storedDtype;
  scope(() =>
    noGrad(() => {
      const weights = weightsAs(storedDtype, trainable);
      if (adapters) {
        copyCompanions(folder, loaded.folder, { but: wholeModelFile });
        writeAdapterFiles(folder, loaded.model, { ...adapters, weights });
      } else saveModelFolder(folder, loaded.folder, weights, { config: loaded.configToSave });
      if (critic)
        saveModelFolder(
          join(folder, criticFolder),
          critic.loaded.folder,
          weightsAs(critic.loaded.storedDtype, critic.trainable),
          { config: critic.loaded.configToSave },
        );
    }),
  );
  copyForgettingFiles(loaded.folder, folder);
  if (template !== undefined) writeFileSync(join(folder, 'chat_template.jinja'), template);
  const state = join(folder, stateFolder);
  mkdirSync(state);
  writeLearning(state, 'optimizer', { trainable, optimizer }, storedDtype);
  if (critic) writeLearning(state, 'critic', critic, critic.loaded.storedDtype);
  if (live !== null) writeFileSync(join(state, liveFile), `${JSON.stringify(live)}\n`);
  const written: TrainingState = { version: 1, step, optimizerSteps: optimizer.steps };
  writeFileSync(join(state, 'state.json'), `${JSON.stringify(written)}\n`);
}

function weightsAs(dtype: DType, { names, masters }: Trainable): Map<string, Tensor> {
  return new Map(names.map((name, i) => [name, masters[i]!.toDtype(dtype)]));
}

/** Optimizer state, and the masters of weights that are stored shorter. */
function writeLearning(
  folder: string,
  name: LearningName,
  { trainable, optimizer }: Learning,
  storedDtype: DType,
): void {
  const masters: [string, Tensor][] =
    storedDtype === 'float32' ? [] : trainable.names.map((key, i) => [masterPrefix + key, trainable.masters[i]!]);
  writeSafetensors(join(folder, `${name}.safetensors`), new Map([...optimizer.state(), ...masters]));
}

/** What the source of batches could not make again, or null. */
export function readLiveState(folder: string): unknown {
  const path = join(folder, stateFolder, liveFile);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as unknown) : null;
}

/** The file of what a training remembers: of the model, or of its critic. */
type LearningName = 'optimizer' | 'critic';

/** Sets masters and optimizer back to a checkpoint whose weights are loaded already. @throws checkpoint-invalid. */
export function restoreState(
  folder: string,
  { trainable, optimizer }: Learning,
  name: LearningName = 'optimizer',
): void {
  const state = JSON.parse(readFileSync(join(folder, stateFolder, 'state.json'), 'utf8')) as TrainingState;
  optimizer.steps = state.optimizerSteps;
  const wanted = optimizer.state();
  using file = new SafetensorsFile(join(folder, stateFolder, `${name}.safetensors`));
  scope(() =>
    noGrad(() => {
      for (const [key, tensor] of wanted) copyStored(file, key, tensor);
      for (const [i, key] of trainable.names.entries())
        if (file.header.tensors.has(masterPrefix + key)) copyStored(file, masterPrefix + key, trainable.masters[i]!);
      trainable.publish();
    }),
  );
}

function copyStored(file: SafetensorsFile, name: string, target: Tensor): void {
  const stored = file.header.tensors.get(name);
  if (!stored || stored.shape.join() !== target.shape.join()) {
    throw new PosttrainError(
      'checkpoint-invalid',
      `the checkpoint's optimizer state does not fit: ${name} is ${stored ? `[${stored.shape.join(', ')}]` : 'missing'}.`,
      {
        place: { file: file.path },
        help: 'a run goes on with the optimizer and the model it began with.',
      },
    );
  }
  target.copy_(file.view(name));
}
