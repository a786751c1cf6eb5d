import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Message, Renderer, Tokenizer } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { hashSeed } from '../support/random.ts';
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
import { logLikelihoods } from './log-likelihood.ts';
import { readModelJson } from './model-folder.ts';
import { type PairedTokens, pairTokens, prefixToken, rollingWindows, shareContexts } from './text-likelihood.ts';

/** Rows decoded together: more would grow the cache without making a token cheaper. */
const largestBatch = 64;
const standardMaxTokens = 512;
/** Tokens judged together: enough to keep the matrices busy. */
const tokensTogether = 4096;

/** A causal language model with its tokenizer and chat template: messages or text in, text out. */
export class ChatModel implements Disposable {
  readonly tokenizer: Tokenizer;
  readonly folder: string;
  readonly #loaded: LoadedModel;
  readonly #renderer: Renderer;
  readonly #defaults: GenerateSettings;
  /** Made by the first generation, which takes the memory of the matrices once more; null where kernels do not fit. */
  #packed: PackedWeights | null | undefined;

  private constructor(loaded: LoadedModel, tokenizer: Tokenizer) {
    this.#loaded = loaded;
    this.folder = loaded.folder;
    this.tokenizer = tokenizer;
    this.#renderer = new Renderer(tokenizer);
    this.#defaults = generationDefaults(loaded.folder);
  }

  /** @throws what `loadCausalLm` and `Tokenizer.load` throw. */
  static async load(name: string, options: Pick<LoadOptions, 'precision'> = {}): Promise<ChatModel> {
    const loaded = loadCausalLm(name, options);
    try {
      return new ChatModel(loaded, await Tokenizer.load(loaded.folder));
    } catch (error) {
      loaded.model[Symbol.dispose]();
      throw error;
    }
  }

  get contextLength(): number {
    return this.#loaded.model.dimensions.context;
  }

  /**
   * Answers every input: messages through the chat template, a string as it is, after the tokenizer's beginning token.
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
  async likelihoods(
    requests: readonly LikelihoodRequest[],
    hooks: { signal?: AbortSignal; onDone?: (requests: number) => void } = {},
  ): Promise<LikelihoodResult[][]> {
    const results: LikelihoodResult[][] = [];
    const pairs = await Promise.all(
      requests.map(({ context, continuations }) =>
        pairTokens(this.tokenizer, context, continuations, this.contextLength),
      ),
    );
    for (const members of inTokenBatches(pairs.map(tokensOf))) {
      const { queries, place } = shareContexts(members.flatMap((member) => pairs[member]!));
      const judged = logLikelihoods(this.#loaded.model, queries);
      let next = 0;
      for (const member of members) {
        results[member] = pairs[member]!.map(({ cut }) => {
          const [query, continuation] = place[next++]!;
          const { logps, greedy } = judged[query]![continuation]!;
          return { logp: logps.reduce((sum, logp) => sum + logp, 0), tokens: logps.length, greedy, cut };
        });
      }
      hooks.onDone?.(members.length);
      await nextTurn();
      hooks.signal?.throwIfAborted();
    }
    return results;
  }

  /** How likely whole texts are, in windows of the model's context. */
  async rolling(
    texts: readonly string[],
    hooks: { signal?: AbortSignal; onDone?: (texts: number) => void } = {},
  ): Promise<RollingResult[]> {
    const prefix = prefixToken(this.tokenizer);
    const encoded = await this.tokenizer.encodeBatch(texts, { specialTokens: false });
    const results: RollingResult[] = [];
    for (const tokens of encoded) {
      const windows = rollingWindows([...tokens], prefix, this.contextLength);
      let logp = 0;
      for (const members of inTokenBatches(
        windows.map((window) => window.context.length + window.continuations[0]!.length),
      )) {
        for (const [judged] of logLikelihoods(
          this.#loaded.model,
          members.map((member) => windows[member]!),
        ))
          logp += judged!.logps.reduce((sum, value) => sum + value, 0);
        await nextTurn();
        hooks.signal?.throwIfAborted();
      }
      results.push({ logp, tokens: tokens.length, windows: windows.length });
      hooks.onDone?.(1);
    }
    return results;
  }

  async #prompt(input: readonly Message[] | string): Promise<number[]> {
    const ids =
      typeof input === 'string'
        ? await this.tokenizer.encode(input, { specialTokens: true })
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

/** Members by falling length, as many together as a useful number of tokens holds. */
function inTokenBatches(sizes: readonly number[]): number[][] {
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const member of order) {
    if (sizes[member]! > room) {
      batches.push([]);
      room = tokensTogether;
    }
    batches.at(-1)!.push(member);
    room -= sizes[member]!;
  }
  return batches;
}

function tokensOf(pairs: readonly PairedTokens[]): number {
  return pairs[0]!.context.length + pairs.reduce((sum, { continuation }) => sum + continuation.length, 0);
}

/** What generation_config.json asks for. Without `do_sample` its temperature does not count, as in transformers. */
function generationDefaults(folder: string): GenerateSettings {
  if (!existsSync(join(folder, 'generation_config.json'))) return {};
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
