import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '../../data/index.ts';
import type {
  Generated,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from '../../models/generation/settings.ts';
import { fingerprintFile } from '../../runs/index.ts';
import { digest, sha256 } from '../digest.ts';
import type { Prompt } from '../request.ts';
import type { Answer, AnswerSettings, AskOptions, EvalModel, ModelFingerprint } from './eval-model.ts';
import { PromptRoom } from './prompt-room.ts';

/** A loaded model, as `loadModel` gives it. */
export interface EngineModel {
  readonly contextLength: number;
  readonly folder: string;
  /** Another folder than `folder` where that one holds an adapter of this base. */
  readonly base?: string;
  generate(
    inputs: readonly Prompt[],
    options: {
      readonly maxTokens: number;
      readonly stop: readonly string[];
      readonly temperature: number;
      readonly topK: number;
      readonly topP: number;
      readonly minP: number;
      readonly seeds: readonly number[];
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<readonly Generated[]>;
  likelihoods(
    requests: readonly LikelihoodRequest[],
    options: AskOptions,
  ): Promise<readonly (readonly LikelihoodResult[])[]>;
  rolling(texts: readonly string[], options: AskOptions): Promise<readonly RollingResult[]>;
}

export interface FolderModelOptions {
  readonly id: string;
  /** What it was loaded in; part of the fingerprint. */
  readonly precision: string;
  /** Versions of what computes, such as `posttrain 0.1.0, torch 2.13.0`. */
  readonly engine: string;
}

/** Raised whenever the same weights would answer the same request otherwise: answers in the cache are then of another model. */
const answerRules = 2;
/** More than any vocabulary: no filter. */
const everyToken = Number.MAX_SAFE_INTEGER;

/** A model folder under evaluation. @throws what reading its tokenizer and its files throws */
export async function folderModel(model: EngineModel, options: FolderModelOptions): Promise<EvalModel> {
  const fingerprint = await fingerprintFolder(model.folder, { ...options, base: model.base });
  const room = await PromptRoom.of(tokenizerFolder(model.folder, model.base), model.contextLength);
  return {
    id: options.id,
    fingerprint,
    contextLength: model.contextLength,
    kinds: ['loglikelihood', 'rolling', 'generate', ...(fingerprint.template === null ? [] : (['chat'] as const))],
    whyNot: { chat: 'its folder has no chat template.' },
    likelihoods: (requests, ask) => model.likelihoods(requests, ask),
    rolling: (texts, ask) => model.rolling(texts, ask),
    generate: (prompts, settings, ask) => answerInRoom(model, room, prompts, settings, ask),
  };
}

async function answerInRoom(
  model: EngineModel,
  room: PromptRoom,
  prompts: readonly Prompt[],
  { seeds, ...settings }: AnswerSettings,
  { signal }: AskOptions,
): Promise<Answer[]> {
  const fitted = await room.fit(prompts, settings.maxTokens);
  const asked = fitted.flatMap(({ prompt }, i) => (prompt === null ? [] : [{ prompt, seed: seeds[i]! }]));
  const made = await model.generate(
    asked.map(({ prompt }) => prompt),
    { ...settings, topK: everyToken, minP: 0, seeds: asked.map(({ seed }) => seed), signal },
  );
  let next = 0;
  return fitted.map(({ prompt, cut }) =>
    prompt === null ? { text: '', tokens: [], finish: 'length', cut } : { ...made[next++]!, cut },
  );
}

/** Hashes of everything in a model folder that decides its answers. */
export async function fingerprintFolder(
  folder: string,
  {
    precision,
    engine,
    base = folder,
  }: Pick<FolderModelOptions, 'precision' | 'engine'> & { readonly base?: string | undefined },
): Promise<ModelFingerprint> {
  const weights = await Promise.all([...new Set([folder, base])].map((one) => hashes(one, weightNames(one))));
  const tokenizer = tokenizerFolder(folder, base);
  const template = (await Tokenizer.load(tokenizer)).chatTemplate?.source;
  return {
    weights: digest(weights.flat()),
    tokenizer: digest(await hashes(tokenizer, ['tokenizer.json'])),
    template: template === undefined ? null : sha256(template),
    dtype: precision,
    engine: `${engine}, rules ${answerRules}`,
  };
}

/** Where the tokenizer lies: an adapter may leave it to its base. */
function tokenizerFolder(folder: string, base = folder): string {
  return existsSync(join(folder, 'tokenizer.json')) ? folder : base;
}

/** Files that decide what a model computes. */
function weightNames(folder: string): string[] {
  const decides = (name: string) => name.endsWith('.safetensors') || /^(adapter_)?config\.json$/.test(name);
  return readdirSync(folder).filter(decides).sort();
}

async function hashes(folder: string, names: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const there = names.filter((name) => existsSync(join(folder, name)));
  return Promise.all(there.map(async (name) => [name, (await fingerprintFile(join(folder, name))).sha256] as const));
}
