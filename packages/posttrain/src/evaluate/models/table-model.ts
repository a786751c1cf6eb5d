import type { LikelihoodRequest, LikelihoodResult } from '../../models/generation/settings.ts';
import { digest } from '../digest.ts';
import type { Prompt } from '../request.ts';
import type { Answer, AnswerSettings, AskOptions, EvalModel, ModelFingerprint } from './eval-model.ts';

export interface TableModelOptions {
  readonly id?: string;
  /** What its fingerprint is made from; the id when left out. */
  readonly weights?: string;
  readonly tokenizer?: string;
  readonly contextLength?: number;
  /** The answer to a prompt; without it every answer is empty. */
  answer?(prompt: Prompt, seed: number): string;
  /** Log-probability of a continuation, in nats; without it every one is 0. */
  logp?(context: string, continuation: string): number;
}

/**
 * A model that is a table: canned answers and likelihoods, one token a word. What does not concern weights is tested with it.
 * It counts what it is asked.
 */
export class TableModel implements EvalModel {
  readonly id: string;
  readonly fingerprint: ModelFingerprint;
  readonly contextLength: number;
  readonly kinds = ['loglikelihood', 'rolling', 'generate', 'chat'] as const;
  /** Requests answered so far; a context with its continuations is one. */
  asked = 0;
  readonly #options: TableModelOptions;

  constructor(options: TableModelOptions = {}) {
    this.id = options.id ?? 'table';
    this.contextLength = options.contextLength ?? 1024;
    this.#options = options;
    this.fingerprint = {
      weights: digest(options.weights ?? this.id),
      tokenizer: digest(options.tokenizer ?? 'words'),
      template: null,
      dtype: 'fp64',
      engine: 'table',
    };
  }

  async likelihoods(requests: readonly LikelihoodRequest[], { signal }: AskOptions): Promise<LikelihoodResult[][]> {
    await this.#turn(requests.length, signal);
    return requests.map(({ context, continuations }) => {
      const cut = Math.max(0, wordCount(context) - this.contextLength);
      return continuations.map((continuation) => ({
        logp: this.#options.logp?.(context, continuation) ?? 0,
        tokens: Math.max(1, wordCount(continuation)),
        greedy: false,
        cut,
      }));
    });
  }

  async rolling(texts: readonly string[], { signal }: AskOptions) {
    await this.#turn(texts.length, signal);
    return texts.map((text) => ({ logp: this.#options.logp?.('', text) ?? 0, tokens: wordCount(text), windows: 1 }));
  }

  async generate(prompts: readonly Prompt[], settings: AnswerSettings, { signal }: AskOptions): Promise<Answer[]> {
    await this.#turn(prompts.length, signal);
    return prompts.map((prompt, i) => {
      const words = (this.#options.answer?.(prompt, settings.seeds[i]!) ?? '').match(/\s*\S+/g) ?? [];
      const kept = words.slice(0, settings.maxTokens);
      const finish = kept.length < words.length ? 'length' : 'stop';
      return { text: kept.join(''), tokens: kept.map((_, t) => t), finish, cut: 0 };
    });
  }

  async #turn(requests: number, signal: AbortSignal | undefined): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.asked += requests;
  }
}

function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
