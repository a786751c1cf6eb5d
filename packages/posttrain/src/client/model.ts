import type { Message } from '../data/types.ts';
import { EngineProcess } from '../engine/host.ts';
import type { GeneratedPart, LoadResult } from '../engine/protocol.ts';
import type {
  Generated,
  GenerateSettings,
  LikelihoodRequest,
  LikelihoodResult,
  RollingResult,
} from '../models/generation/settings.ts';

import { askEngine } from './engine-request.ts';

export interface GenerateOptions extends GenerateSettings {
  readonly signal?: AbortSignal | undefined;
}

export interface LoadModelOptions {
  /** `auto` computes in bf16 where this machine is faster in it. */
  readonly precision?: 'auto' | 'fp32' | 'bf16' | undefined;
  readonly threads?: number | 'auto' | undefined;
  /** The base of an adapter folder, in place of the one that it names. */
  readonly base?: string | undefined;
}

export interface JudgeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many more requests are done. */
  readonly onDone?: ((requests: number) => void) | undefined;
}

/** A model loaded in an engine of its own. Dispose of it to give the memory back: `await using model = await loadModel(…)`. */
export class Model implements AsyncDisposable {
  /** Tokens the model can see, prompt and answer together. */
  readonly contextLength: number;
  /** The folder it was loaded from. */
  readonly folder: string;
  /** The folder of config and weights: `folder` again, or the base of the adapter that `folder` holds. */
  readonly base: string;
  readonly #engine: EngineProcess;

  private constructor(engine: EngineProcess, { contextLength, folder, base }: LoadResult) {
    this.#engine = engine;
    this.contextLength = contextLength;
    this.folder = folder;
    this.base = base;
  }

  /** @see loadModel */
  static async load(
    model: string,
    { precision = 'auto', threads = 'auto', base }: LoadModelOptions = {},
  ): Promise<Model> {
    const engine = new EngineProcess();
    try {
      return new Model(engine, await engine.request('load', { model, precision, threads, base }).result);
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Answers all inputs, batched. @throws the signal's reason when it is aborted. */
  async generate(
    inputs: readonly (readonly Message[] | string)[],
    options: GenerateOptions = {},
  ): Promise<readonly Generated[]> {
    const { signal, ...settings } = options;
    return askEngine(this.#engine, 'generate', { inputs, options: settings, stream: false }, signal);
  }

  /**
   * How likely each continuation is after its context, in nats, by lm-evaluation-harness's rules: trailing spaces of the
   * context belong to the continuation, the context begins as the tokenizer frames a text, and an empty context is the
   * beginning token. What contexts and continuations begin with in common is computed once.
   */
  async likelihoods(
    requests: readonly LikelihoodRequest[],
    options: JudgeOptions = {},
  ): Promise<readonly (readonly LikelihoodResult[])[]> {
    return askEngine(this.#engine, 'likelihoods', requests, options.signal, ({ done }) => options.onDone?.(done));
  }

  /** How likely whole texts are, in nats, the tokenizer's frame included; texts beyond the context in windows that judge each token once. */
  async rolling(texts: readonly string[], options: JudgeOptions = {}): Promise<readonly RollingResult[]> {
    return askEngine(this.#engine, 'rolling', texts, options.signal, ({ done }) => options.onDone?.(done));
  }

  /**
   * One answer, piece by piece; the last piece has `finish`. Leaving the loop stops the generation.
   * @throws the signal's reason when it is aborted.
   */
  async *stream(
    input: readonly Message[] | string,
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedPart, void, undefined> {
    const { signal, ...settings } = options;
    signal?.throwIfAborted();
    const parts: GeneratedPart[] = [];
    let wake = () => {};
    let ended = false;
    const { result, stop } = this.#engine.request(
      'generate',
      { inputs: [input], options: settings, stream: true },
      (part) => {
        parts.push(part);
        wake();
      },
    );
    const settled = result.then(
      ([answer]) => {
        ended = true;
        parts.push({ text: '', tokens: [], finish: answer!.finish });
        wake();
      },
      (error) => {
        ended = true;
        wake();
        throw error;
      },
    );
    settled.catch(() => {}); // thrown below, to whoever reads
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        const next = parts.shift();
        if (next) yield next;
        else if (ended) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      await settled;
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', stop);
      if (!ended) stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

/**
 * Loads a model into an engine process: a folder, a checkpoint of a run, the id of a model in the Hugging Face cache,
 * or `pocket`, the one that comes with the package. A LoRA adapter's folder is loaded with its base, the two added up.
 *
 * @example
 * await using model = await loadModel('runs/a/checkpoints/step-200');
 * for await (const part of model.stream([{ role: 'user', content: 'Hello' }])) process.stdout.write(part.text);
 */
export function loadModel(model: string, options: LoadModelOptions = {}): Promise<Model> {
  return Model.load(model, options);
}
