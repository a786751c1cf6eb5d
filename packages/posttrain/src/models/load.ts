import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { type Device, type DType, manualSeed, noGrad, SafetensorsFile, scope, type Tensor } from '../tensor/index.ts';
import type { CausalLm } from './causal-lm.ts';
import type { Decoder } from './decoder.ts';
import { familyFor } from './families/index.ts';
import type { Family } from './family.ts';
import { joinWeights } from './join-weights.ts';
import { attachStored } from './lora/adapter-folder.ts';
import { mergeAdapters } from './lora/adapters.ts';
import {
  baseFolder,
  isClassifier,
  type ModelConfig,
  readModelJson,
  resolveModelFolder,
  weightFiles,
} from './model-folder.ts';
import { isVector, settlePrecision } from './precision.ts';

export interface LoadedModel<Model extends Decoder = CausalLm> {
  readonly model: Model;
  /** Where it came from: tokenizer and template are read, and later copied, from here. */
  readonly folder: string;
  /** Where config and weights lie: `folder` again, or the base of the adapter that `folder` holds. */
  readonly base: string;
  readonly config: ModelConfig;
  /** What config.json is to be when the model is saved with the files of a base that has another head. */
  readonly configToSave?: ModelConfig | undefined;
  /** The element type that the checkpoint stores. */
  readonly storedDtype: DType;
}

export interface LoadOptions {
  /** Arithmetic of the matrices; norms and biases stay float32. Default: fp32. */
  readonly precision?: 'auto' | 'fp32' | 'bf16';
  readonly device?: Device;
  /** `random` takes the shape alone and draws fresh weights from `seed`. */
  readonly init?: 'pretrained' | 'random';
  readonly seed?: number;
  /** The base of an adapter, in place of the one that its folder names. */
  readonly base?: string | undefined;
  /** What becomes of the adapter of such a folder: added into the base's weights, as by default, or put beside them. */
  readonly adapter?: 'merged' | 'apart';
}

/**
 * A model from a Hugging Face folder, parameters owned by the returned modules. A folder that holds a LoRA adapter in PEFT's
 * form stands for its base with the adapter added.
 * @throws model-invalid, model-unsupported, weights-invalid (missing, unexpected and misshapen keys told together), pickle-refused.
 */
export function loadCausalLm(name: string, options: LoadOptions = {}): LoadedModel {
  return openModel(name, options, {
    build: (family, config, folder) => {
      refuseScoreHead(config, folder);
      return family.build(config, join(folder, 'config.json'));
    },
  });
}

/** What kind of model is made of a folder. */
export interface ModelKind<Model extends Decoder> {
  /** @throws where the folder holds another kind */
  build(family: Family, config: ModelConfig, folder: string): Model;
  /** Parameters that no file holds. */
  fresh?(name: string): boolean;
  /** Keys of the files that are left alone. */
  passOver?(key: string): boolean;
  /** Sets fresh parameters, which are float32. */
  afterwards?(model: Model): void;
}

/** Opens a folder as one kind of model. */
export function openModel<Model extends Decoder>(
  name: string,
  options: LoadOptions,
  kind: ModelKind<Model>,
): LoadedModel<Model> {
  const folder = resolveModelFolder(name);
  const base = baseFolder(folder, options.base);
  const configFile = join(base, 'config.json');
  const config = readModelJson(base, 'config.json');
  if (config['quantization_config'])
    throw new PosttrainError('model-unsupported', 'the checkpoint is quantised (quantization_config).', {
      place: { file: configFile },
      help: 'use the original checkpoint in float32, bfloat16 or float16.',
    });
  const family = familyFor(config['model_type'], configFile);
  const model = scope<unknown>(() => {
    const built = kind.build(family, config, base);
    for (const parameter of built.parameters()) parameter.keep();
    return built;
  }) as Model;
  try {
    const random = options.init === 'random';
    const adapted = base !== folder && !random;
    const dtype = settlePrecision(options.precision ?? 'fp32', model.dimensions) === 'bf16' ? 'bfloat16' : 'float32';
    if (random) initialize(model, options.seed ?? 0);
    // An adapter is added in float32: its share is smaller than what rounding leaves.
    const storedDtype = random ? 'float32' : fillFromFiles(model, base, kind, adapted ? 'float32' : dtype);
    kind.afterwards?.(model);
    if (adapted) attachStored(model, folder);
    if (options.adapter !== 'apart') mergeAdapters(model);
    place(model, dtype, options.device ?? 'cpu');
    joinWeights(model);
    return { model, folder, base, config, storedDtype };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

function refuseScoreHead(config: ModelConfig, folder: string): void {
  if (!isClassifier(config)) return;
  throw new PosttrainError('model-invalid', `${folder} holds a reward model; it predicts no tokens.`, {
    place: { file: join(folder, 'config.json'), key: 'architectures' },
    help: 'to train or chat, give the language model that it was made from. loadRewardModel opens it, and posttrain generate --reward scores answers by it.',
  });
}

/** Reads every parameter, matrices in `dtype` at once: a model in bfloat16 never takes the memory of float32. */
function fillFromFiles<Model extends Decoder>(
  model: Model,
  folder: string,
  kind: ModelKind<Model>,
  dtype: DType,
): DType {
  const files = weightFiles(folder).map((path) => new SafetensorsFile(path));
  try {
    const where = new Map(files.flatMap((file) => [...file.header.tensors.keys()].map((key) => [key, file] as const)));
    checkKeys(model, where, folder, kind);
    let stored: DType = 'float32';
    model.replaceParameters((name, current) => {
      if (kind.fresh?.(name)) return current;
      return scope(() => {
        const wanted = isVector(current) ? 'float32' : dtype;
        const view = where.get(name)!.view(name);
        stored = view.dtype;
        return view.dtype === wanted ? view.clone() : view.toDtype(wanted);
      });
    });
    return stored;
  } finally {
    for (const file of files) file[Symbol.dispose]();
  }
}

/** All that does not fit is told at once: one look at the message says whether it is another model or a broken file. */
function checkKeys<Model extends Decoder>(
  model: Model,
  where: ReadonlyMap<string, SafetensorsFile>,
  folder: string,
  kind: ModelKind<Model>,
): void {
  const stored = [...model.namedParameters()].filter(([name]) => !kind.fresh?.(name));
  const wanted = new Map(stored.map(([name, parameter]) => [name, parameter.shape]));
  const problems: string[] = [];
  for (const [name, shape] of wanted) {
    const stored = where.get(name)?.header.tensors.get(name);
    if (!stored) problems.push(`missing     ${name} [${shape.join(', ')}]`);
    else if (stored.shape.join() !== shape.join())
      problems.push(
        `other shape ${name} [${stored.shape.join(', ')}] in the file, [${shape.join(', ')}] by config.json`,
      );
  }
  for (const name of where.keys())
    if (!wanted.has(name) && !isKnownExtra(name, model) && !kind.passOver?.(name)) problems.push(`unexpected  ${name}`);
  if (problems.length === 0) return;
  const shown = problems.slice(0, 12);
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  throw new PosttrainError('weights-invalid', `the weights do not fit config.json:\n  ${shown.join('\n  ')}`, {
    place: { file: folder },
    help: 'config.json and the safetensors files must come from the same checkpoint.',
    data: { problems },
  });
}

function isKnownExtra(name: string, model: Decoder): boolean {
  return model.ignoredKeys.includes(name) || name.endsWith('rotary_emb.inv_freq');
}

/** Fresh weights as transformers draws them: normal(0, initializer_range) for matrices, ones for norms, zeros for biases. */
export function initialize(model: Decoder, seed: number): void {
  manualSeed(Random.of(seed, 'initialize').uint32());
  noGrad(() => {
    for (const [name, parameter] of model.namedParameters()) {
      if (name.endsWith('bias')) parameter.zero_();
      else if (parameter.shape.length === 1) parameter.fill_(1);
      else parameter.normal_(0, model.initializerRange);
    }
  });
}

/** Matrices in `dtype`, vectors in float32. */
function place(model: Decoder, dtype: DType, device: Device): void {
  model.replaceParameters((_name, current: Tensor) => {
    const wanted = isVector(current) ? 'float32' : dtype;
    return current.dtype === wanted && current.device === device ? current : current.toDevice(device, wanted);
  });
}
