import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Message, Renderer, Tokenizer } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { hashSeed } from '../support/random.ts';
import { refuseNonFinite } from './finite-weights.ts';
import { decode } from './generation/decode.ts';
import { PackedWeights } from './generation/packed-weights.ts';
import type {
  Generated,
  GenerateSettings,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from './generation/settings.ts';
import { StopStrings } from './generation/stop-strings.ts';
import { type LoadedModel, type LoadOptions, loadCausalLm } from './load.ts';
import { judging, type Likelihood, type LikelihoodQuery } from './log-likelihood.ts';
import { companionFolders, readModelJson, tokenizerFolder } from './model-folder.ts';
import { pairTokens, prefixToken, rollingWindows } from './text-likelihood.ts';

/** Rows decoded together: more would grow the cache without making a token cheaper. */
const largestBatch = 64;
const standardMaxTokens = 512;

export interface JudgingHooks {
  readonly signal?: AbortSignal;
  /** Told how many more requests are done. */
  readonly onDone?: (requests: number) => void;
}

/** A causal language model with its tokenizer and chat template: messages or text in, text out. */
export class ChatModel implements Disposable {
  readonly tokenizer: Tokenizer;
  readonly folder: string;
  /** Where config and weights lie: `folder` again, or an adapter's base. */
  readonly base: string;
  readonly #loaded: LoadedModel;
  readonly #renderer: Renderer;
  readonly #defaults: GenerateSettings;
  /** Made by the first generation, which takes the memory of the matrices once more; null where kernels do not fit. */
  #packed: PackedWeights | null | undefined;

  private constructor(loaded: LoadedModel, tokenizer: Tokenizer) {
    this.#loaded = loaded;
    this.folder = loaded.folder;
    this.base = loaded.base;
    this.tokenizer = tokenizer;
    this.#renderer = new Renderer(tokenizer);
    this.#defaults = generationDefaults(companionFolders(loaded.folder, loaded.base));
  }

  /** @throws what `loadCausalLm` and `Tokenizer.load` throw; weights-invalid where a weight is no number. */
  static async load(name: string, options: Pick<LoadOptions, 'precision' | 'base'> = {}): Promise<ChatModel> {
    const loaded = loadCausalLm(name, options);
    try {
      refuseNonFinite(loaded);
      return new ChatModel(loaded, await Tokenizer.load(tokenizerFolder(loaded.folder, loaded.base)));
    } catch (error) {
      loaded.model[Symbol.dispose]();
      throw error;
    }
  }

  get contextLength(): number {
    return this.#loaded.model.dimensions.context;
  }

  /**
   * Answers every input: messages through the chat template, a string in the tokenizer's own frame.
   * `onText` gets each input's text as it comes, in whole characters and never a part of a stop string.
   */
  async generate(
    inputs: readonly (readonly Message[] | string)[],
    settings: GenerateSettings,
    hooks: { signal?: AbortSignal; onText?: (input: number, text: string, token: number) => void } = {},
  ): Promise<Generated[]> {
    const prompts = await Promise.all(inputs.map((input) => this.#prompt(input)));
    const order = prompts.map((_, i) => i).sort((a, b) => prompts[a]!.length - prompts[b]!.length);
    const results: Generated[] = [];
    for (let start = 0; start < order.length; start += largestBatch) {
      const members = order.slice(start, start + largestBatch);
      const made = await this.#decodeBatch(members, prompts, this.#complete(settings), hooks);
      for (const [i, member] of members.entries()) results[member] = made[i]!;
    }
    return results;
  }

  /** How likely each continuation is after its context, by lm-evaluation-harness's rules (text-likelihood.ts). */
  async likelihoods(requests: readonly LikelihoodRequest[], hooks: JudgingHooks = {}): Promise<LikelihoodResult[][]> {
    const pairs = await pairTokens(this.tokenizer, requests, this.contextLength);
    const parts = pairs.map((list) =>
      list.map(({ context, continuation }) => ({ context, continuations: [continuation] })),
    );
    const judged = await this.#judge(parts, hooks);
    return pairs.map((list, request) =>
      list.map(({ cut }, i) => {
        const { logps, greedy } = judged[request]![i]!;
        return { logp: sum(logps), tokens: logps.length, greedy, cut };
      }),
    );
  }

  /** How likely whole texts are, the tokenizer's frame included, in windows of the model's context. */
  async rolling(texts: readonly string[], hooks: JudgingHooks = {}): Promise<RollingResult[]> {
    const prefix = prefixToken(this.tokenizer);
    const encoded = await this.tokenizer.encodeFramed(texts);
    const windows = encoded.map((tokens) => rollingWindows([...tokens], prefix, this.contextLength));
    const judged = await this.#judge(windows, hooks);
    return encoded.map(({ length: tokens }, text) => ({
      logp: sum(judged[text]!.flatMap(({ logps }) => logps)),
      tokens,
      windows: windows[text]!.length,
    }));
  }

  /** Judges requests that are made of queries of one continuation each. @returns for each request the likelihoods of its queries */
  async #judge(
    requests: readonly (readonly LikelihoodQuery[])[],
    { signal, onDone }: JudgingHooks,
  ): Promise<Likelihood[][]> {
    const open = requests.map(({ length }) => length);
    const owner = requests.flatMap((queries, request) => queries.map(() => request));
    const work = judging(this.#loaded.model, requests.flat());
    let done = open.filter((left) => left === 0).length;
    try {
      for (;;) {
        const step = work.next();
        if (!step.done) done += step.value.filter((query) => --open[owner[query]!]! === 0).length;
        if (done > 0) onDone?.(done);
        done = 0;
        if (step.done) {
          const results = step.value.map(([likelihood]) => likelihood!).values();
          return requests.map((queries) => queries.map(() => results.next().value!));
        }
        await nextTurn();
        signal?.throwIfAborted();
      }
    } finally {
      work.return([]);
    }
  }

  async #prompt(input: readonly Message[] | string): Promise<number[]> {
    const ids =
      typeof input === 'string'
        ? (await this.tokenizer.encodeFramed([input]))[0]!
        : await this.#renderer.renderPrompt(input);
    const { vocabulary } = this.#loaded.model.dimensions;
    const unknown = ids.find((id) => id >= vocabulary);
    if (unknown === undefined) return [...ids];
    throw new PosttrainError(
      'model-invalid',
      `the tokenizer gives the id ${unknown}; the model knows ids up to ${vocabulary - 1}.`,
      { place: { file: this.folder }, help: 'tokenizer.json and the weights must come from the same model.' },
    );
  }

  #complete(settings: GenerateSettings): GenerateSettings {
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    return { maxTokens: standardMaxTokens, temperature: 0, seed: 0, ...this.#defaults, ...given };
  }

  async #decodeBatch(
    members: readonly number[],
    prompts: readonly (readonly number[])[],
    settings: GenerateSettings,
    hooks: { signal?: AbortSignal; onText?: (input: number, text: string, token: number) => void },
  ): Promise<Generated[]> {
    const ends = new Set(this.tokenizer.stopIds);
    const rows = members.map(() => ({
      text: '',
      tokens: [] as number[],
      decoder: this.tokenizer.streamDecoder(),
      stops: new StopStrings(settings.stop ?? []),
    }));
    const show = (row: number, text: string, token: number) => {
      rows[row]!.text += text;
      hooks.onText?.(members[row]!, text, token);
    };
    const finish = await decode(
      this.#loaded.model,
      members.map((member) => prompts[member]!),
      {
        maxTokens: settings.maxTokens!,
        endTokens: ends,
        sampling: { temperature: settings.temperature!, topK: settings.topK, topP: settings.topP, minP: settings.minP },
        seeds: members.map((member) => settings.seeds?.[member] ?? hashSeed(settings.seed!, 'row', member)),
        signal: hooks.signal,
        weights: this.#weights(),
        onToken: (row, token) => {
          const { tokens, decoder, stops } = rows[row]!;
          tokens.push(token);
          if (ends.has(token)) {
            show(row, '', token);
            return true;
          }
          const { text, stopped } = stops.push(decoder.push(token));
          show(row, text, token);
          return stopped;
        },
      },
    );
    return rows.map(({ tokens, decoder, stops }, row) => {
      if (finish[row] === 'length' || ends.has(tokens.at(-1)!)) {
        const { text, stopped } = stops.push(decoder.end());
        const rest = stopped ? text : text + stops.end();
        if (rest) show(row, rest, tokens.at(-1)!);
      }
      return { text: rows[row]!.text, tokens, finish: finish[row]! };
    });
  }

  #weights(): PackedWeights | undefined {
    if (this.#packed === undefined) this.#packed = PackedWeights.of(this.#loaded.model);
    return this.#packed ?? undefined;
  }

  [Symbol.dispose](): void {
    this.#packed?.[Symbol.dispose]();
    this.#loaded.model[Symbol.dispose]();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What generation_config.json asks for. Without `do_sample` its temperature does not count, as in transformers. */
function generationDefaults(folders: readonly string[]): GenerateSettings {
  const folder = folders.find((one) => existsSync(join(one, 'generation_config.json')));
  if (folder === undefined) return {};
  const config = readModelJson(folder, 'generation_config.json');
  const number = (name: string) => (typeof config[name] === 'number' ? (config[name] as number) : undefined);
  const maxTokens = number('max_new_tokens');
  const length = maxTokens === undefined ? {} : { maxTokens };
  if (config['do_sample'] !== true) return length;
  const sampling = {
    temperature: number('temperature') ?? 1,
    topK: number('top_k'),
    topP: number('top_p'),
    minP: number('min_p'),
  };
  return { ...length, ...Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined)) };
}
