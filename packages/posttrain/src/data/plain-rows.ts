import { PosttrainError } from '../support/errors.ts';
import type { StringGuards } from './guarded-messages.ts';
import { join, type RowEncoder, startFree, type WeightedTokens } from './row-encoder.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { Example } from './types.ts';

type CompletionExample = Extract<Example, { kind: 'completion' }>;
type TextExample = Extract<Example, { kind: 'text' }>;
type SegmentsExample = Extract<Example, { kind: 'segments' }>;

/** Rows that need no chat template. The frame (a beginning token, for many) is the tokenizer's own, the end is its `eos`. */
export class PlainRows {
  readonly #encoder: RowEncoder;
  readonly #tokenizer: Tokenizer;
  readonly #guards: StringGuards;
  #frameEnds: boolean | undefined;

  constructor(encoder: RowEncoder, guards: StringGuards) {
    this.#encoder = encoder;
    this.#tokenizer = encoder.tokenizer;
    this.#guards = guards;
  }

  /** Text with its control strings broken; one `eos` at its very end is the end of the row, not something it says. */
  guardText(example: TextExample, found: string[]): string {
    return this.#guards.text(withoutEnd(example.text, this.#tokenizer.eos?.token), found);
  }

  guardCompletion(example: CompletionExample, found: string[]): { prompt: string; completion: string } {
    const eos = this.#tokenizer.eos?.token;
    if (eos === undefined) {
      throw new PosttrainError(
        'tokenizer-invalid',
        'the tokenizer names no eos_token, so a completion would have no end',
        {
          help: 'name it in tokenizer_config.json: "eos_token": "…".',
        },
      );
    }
    const prompt = this.#guards.text(example.prompt, found);
    return { prompt, completion: this.#guards.text(withoutEnd(example.completion, eos), found) };
  }

  /** Every token carries loss. As TRL, the row ends in `eos`. */
  async texts(texts: readonly string[]): Promise<WeightedTokens[]> {
    const end = (await this.#frameHasEnd()) ? '' : (this.#tokenizer.eos?.token ?? '');
    const encoded = await this.#encoder.encode(
      texts.map((text) => text + end),
      { specialTokens: true },
    );
    return encoded.map(({ ids }) => startFree(ids, new Float32Array(ids.length).fill(1)));
  }

  /**
   * The completion carries loss, with `eos` after it; with `all` the prompt does too. Prompt and completion are encoded as one
   * text, as TRL does, unless its tokens do not begin with those of the prompt alone: then the two are encoded apart, for
   * the prompt is all that serving will have.
   */
  async completions(
    pairs: readonly { prompt: string; completion: string }[],
    all: boolean,
  ): Promise<{ row: WeightedTokens; split: boolean }[]> {
    const frameHasEnd = await this.#frameHasEnd();
    const eos = this.#tokenizer.eos?.token ?? '';
    const framed = { specialTokens: true };
    const prompts = (
      await this.#encoder.encode(
        pairs.map(({ prompt }) => prompt),
        framed,
      )
    ).map(({ ids }) => {
      return frameHasEnd ? ids.slice(0, -1) : ids;
    });
    const end = frameHasEnd ? '' : eos;
    const wholes = await this.#encoder.encode(
      pairs.map(({ prompt, completion }) => prompt + completion + end),
      framed,
    );
    return Promise.all(
      pairs.map(async ({ completion }, i) => {
        const prompt = prompts[i]!;
        const whole = wholes[i]!.ids;
        const split = !prompt.every((id, at) => whole[at] === id);
        const row = split ? await this.#apart(prompt, completion + eos) : behind(prompt.length, whole);
        return { row: all ? startFree(row.tokens, row.weights.fill(1)) : row, split };
      }),
    );
  }

  /**
   * Nothing is added to the text: control strings in it are tokens, as written. A token across a border of segments takes
   * the larger weight.
   */
  async segments(examples: readonly SegmentsExample[]): Promise<WeightedTokens[]> {
    const texts = examples.map(({ segments }) => segments.map(({ text }) => text).join(''));
    const encoded = await this.#encoder.encode(texts, { specialTokens: false });
    return examples.map(({ segments }, i) => {
      const weights = new Float32Array(encoded[i]!.ids.length);
      let start = 0;
      for (const { text, weight } of segments) {
        const [first, end] = text === '' ? [0, 0] : encoded[i]!.tokenRange(start, start + text.length);
        for (let token = first; token < end; token++) weights[token] = Math.max(weights[token]!, weight);
        start += text.length;
      }
      return startFree(encoded[i]!.ids, weights);
    });
  }

  async #apart(prompt: Int32Array, rest: string): Promise<WeightedTokens> {
    return join(prompt, await this.#encoder.encodeContinuation(rest, [[0, rest.length]]));
  }

  /** Whether the tokenizer itself puts `eos` after every text. */
  async #frameHasEnd(): Promise<boolean> {
    if (this.#frameEnds === undefined) {
      const frame = await this.#tokenizer.encode('', { specialTokens: true });
      this.#frameEnds =
        frame.length > 0 && frame.at(-1) === this.#tokenizer.eos?.id && frame.at(-1) !== this.#tokenizer.bos?.id;
    }
    return this.#frameEnds;
  }
}

/** Loss on every token from a position on. */
function behind(promptLength: number, tokens: Int32Array): WeightedTokens {
  return startFree(tokens, new Float32Array(tokens.length).fill(1, promptLength));
}

function withoutEnd(text: string, eos: string | undefined): string {
  return eos !== undefined && text.endsWith(eos) ? text.slice(0, -eos.length) : text;
}
