import { splitReasoning, type Tokenizer } from '../../data/index.ts';
import type { CausalLm } from '../../models/causal-lm.ts';
import { decode, type Finish } from '../../models/generation/decode.ts';
import { PackedWeights } from '../../models/generation/packed-weights.ts';

/** Rows decoded together, as in chat-model.ts. */
const together = 64;

/** An answer as it was drawn: a token array, whose text is for people and rewards alone. */
export interface DrawnAnswer {
  readonly tokens: readonly number[];
  /** Log-probabilities that the tokens were drawn with, in nats. */
  readonly sampled: readonly number[];
  readonly finish: Finish;
  readonly text: string;
  readonly reasoning?: string;
}

export interface DrawOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  /** One for each prompt: what is drawn depends on it alone. */
  readonly seeds: readonly number[];
  readonly signal: AbortSignal;
}

/** Draws answers from the weights as they are. Its packed copy of them is made once and follows them by `refresh`. */
export class AnswerDrawer implements Disposable {
  readonly #model: CausalLm;
  readonly #tokenizer: Tokenizer;
  /** Undefined before the first draw; null where no kernels fit the model. */
  #packed: PackedWeights | null | undefined;

  constructor(model: CausalLm, tokenizer: Tokenizer) {
    this.#model = model;
    this.#tokenizer = tokenizer;
  }

  /** Takes the model's weights as they are now. */
  refresh(): void {
    if (this.#packed === undefined) this.#packed = PackedWeights.of(this.#model);
    else this.#packed?.repack();
  }

  /** Answers to prompts in order, as many as are decoded together at a time. @throws the signal's reason when it is aborted. */
  async *draw(prompts: readonly (readonly number[])[], options: DrawOptions): AsyncGenerator<DrawnAnswer[]> {
    for (let start = 0; start < prompts.length; start += together)
      yield await this.#decode(prompts.slice(start, start + together), {
        ...options,
        seeds: options.seeds.slice(start, start + together),
      });
  }

  async #decode(prompts: readonly (readonly number[])[], options: DrawOptions): Promise<DrawnAnswer[]> {
    const { maxTokens, temperature, seeds, signal } = options;
    const endTokens = new Set(this.#tokenizer.stopIds);
    const drawn = prompts.map(() => ({ tokens: [] as number[], sampled: [] as number[] }));
    const finishes = await decode(this.#model, prompts, {
      ...{ maxTokens, endTokens, seeds, signal },
      sampling: { temperature },
      weights: this.#packed ?? undefined,
      onToken: (row, token, logp) => {
        drawn[row]!.tokens.push(token);
        drawn[row]!.sampled.push(logp);
      },
    });
    return drawn.map(({ tokens, sampled }, row): DrawnAnswer => {
      const written = tokens.filter((token, i) => i < tokens.length - 1 || !endTokens.has(token));
      const { content, reasoning } = splitReasoning(this.#tokenizer.decode(written));
      return {
        ...{ tokens, sampled, finish: finishes[row]!, text: content },
        ...(reasoning === undefined ? {} : { reasoning }),
      };
    });
  }

  [Symbol.dispose](): void {
    this.#packed?.[Symbol.dispose]();
  }
}
