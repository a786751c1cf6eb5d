import { type AddedToken, alternation, BREAKER, removeBreakers } from './control-strings.ts';
import type { TextRow } from './conversation-text.ts';
import type { Encoded } from './encoded.ts';
import { type GuardedEncoder, isBroken } from './guarded-encoder.ts';
import type { EncodeOptions, Tokenizer } from './tokenizer.ts';

/** Token ids with the loss weight of each; `weights[0]` is 0, for nothing comes before the first token. */
export interface WeightedTokens {
  readonly tokens: Int32Array; //    [T]
  readonly weights: Float32Array; // [T]
}

/** Encodes rendered text, real control strings as tokens and broken ones as text, and carries spans over to tokens. */
export class RowEncoder {
  readonly tokenizer: Tokenizer;
  readonly #guarded: GuardedEncoder;
  readonly #controls: RegExp | undefined;
  /** Ids of the ends of prompts: every row of a template shares a few. */
  readonly #tails = new Map<string, Int32Array>();

  constructor(tokenizer: Tokenizer, controls: readonly AddedToken[]) {
    this.tokenizer = tokenizer;
    this.#guarded = tokenizer.guardedEncoder(controls);
    this.#controls = controls.length > 0 ? alternation(controls.map(({ content }) => content)) : undefined;
  }

  /** Encodes texts of either kind; positions in a result refer to its text without breakers. */
  async encode(texts: readonly string[], options: EncodeOptions): Promise<Encoded[]> {
    const plain = await this.tokenizer.encodeWithPositions(
      texts.filter((text) => !isBroken(text)),
      options,
    );
    const guarded = await this.#guarded.encodeBatch(texts.filter(isBroken), options);
    let nextPlain = 0;
    let nextGuarded = 0;
    return texts.map((text) => (isBroken(text) ? guarded[nextGuarded++]! : plain[nextPlain++]!));
  }

  /**
   * Encodes rendered conversations, each as a whole.
   * @returns undefined for a row in which the tokens before some turn are not those of its prompt alone: a token runs over
   * the border, or the text after it changes how the text before it is cut
   */
  async encodeRows(rows: readonly TextRow[]): Promise<(WeightedTokens | undefined)[]> {
    const encoded = await this.encode(
      rows.map(({ text }) => text),
      { specialTokens: false },
    );
    await this.#encodeTails(rows);
    return rows.map((row, i) => {
      const aligned = row.prompts.every((end) => this.#endsAsPrompt(encoded[i]!, row, end));
      return aligned ? startFree(encoded[i]!.ids, spanWeights(encoded[i]!, cleanSpans(row))) : undefined;
    });
  }

  /** Encodes a row as serving sees it: its (only) prompt by itself, and then what follows. */
  async encodeApart(row: TextRow): Promise<WeightedTokens> {
    const end = row.prompts[0] ?? 0;
    const [prompt] = await this.encode([row.text.slice(0, end)], { specialTokens: false });
    const border = cleanPosition(row.text, end);
    const spans = cleanSpans(row).map(([from, to]) => [Math.max(0, from - border), to - border] as const);
    return join(prompt!.ids, await this.encodeContinuation(row.text.slice(end), spans));
  }

  /**
   * Encodes text that continues other text, with loss on the spans. Some tokenizers put a space before whatever they are
   * given; behind a line end, whose ids are then taken off again, they do not.
   */
  async encodeContinuation(text: string, spans: TextRow['spans']): Promise<WeightedTokens> {
    const [alone, behind, newline] = await this.encode([text, `\n${text}`, '\n'], { specialTokens: false });
    const skipped = newline!.ids.length;
    if (!newline!.ids.every((id, i) => behind!.ids[i] === id)) {
      return { tokens: alone!.ids, weights: spanWeights(alone!, spans) };
    }
    const shifted = spans.map(([start, end]) => [start + 1, end + 1] as const);
    return { tokens: behind!.ids.slice(skipped), weights: spanWeights(behind!, shifted).slice(skipped) };
  }

  /** Whether the tokens up to the end of a prompt, which ends at this character, are those of the prompt alone. */
  #endsAsPrompt(encoded: Encoded, row: TextRow, end: number): boolean {
    const position = cleanPosition(row.text, end);
    const [border] = encoded.tokenRange(position, removeBreakers(row.text).length);
    const tail = this.#tails.get(this.#tail(row.text, end))!;
    const start = border - tail.length;
    return start >= 0 && tail.every((id, i) => encoded.ids[start + i] === id);
  }

  /** A prompt from its last real control token on; what stands before one is cut into tokens by itself. */
  #tail(text: string, end: number): string {
    const prompt = text.slice(0, end);
    const last = this.#controls ? [...prompt.matchAll(this.#controls)].at(-1) : undefined;
    return last ? prompt.slice(last.index) : prompt;
  }

  async #encodeTails(rows: readonly TextRow[]): Promise<void> {
    if (this.#tails.size > MOST_TAILS) this.#tails.clear();
    const tails = new Set(rows.flatMap(({ text, prompts }) => prompts.map((end) => this.#tail(text, end))));
    const missing = [...tails].filter((tail) => !this.#tails.has(tail));
    const encoded = await this.encode(missing, { specialTokens: false });
    for (const [i, tail] of missing.entries()) this.#tails.set(tail, encoded[i]!.ids);
  }
}

const MOST_TAILS = 10_000;

/** Loss weight 1 for each token that a span covers, wholly or in part. */
function spanWeights(encoded: Encoded, spans: TextRow['spans']): Float32Array {
  const weights = new Float32Array(encoded.ids.length);
  for (const [start, end] of spans) weights.fill(1, ...encoded.tokenRange(start, end));
  return weights;
}

/** A prompt without loss and what continues it, as one row. */
export function join(prompt: Int32Array, rest: WeightedTokens): WeightedTokens {
  const tokens = new Int32Array(prompt.length + rest.tokens.length);
  tokens.set(prompt);
  tokens.set(rest.tokens, prompt.length);
  const weights = new Float32Array(tokens.length);
  weights.set(rest.weights, prompt.length);
  return startFree(tokens, weights);
}

/** The first token of a row cannot be predicted, so it carries no loss. */
export function startFree(tokens: Int32Array, weights: Float32Array): WeightedTokens {
  if (weights.length > 0) weights[0] = 0;
  return { tokens, weights };
}

/** A position in a text with breakers, counted without them. */
function cleanPosition(text: string, position: number): number {
  if (!isBroken(text)) return position;
  let count = 0;
  for (let at = text.indexOf(BREAKER); at >= 0 && at < position; at = text.indexOf(BREAKER, at + 1)) count++;
  return position - count;
}

function cleanSpans(row: TextRow): TextRow['spans'] {
  if (!isBroken(row.text)) return row.spans;
  return row.spans.map(([start, end]) => [cleanPosition(row.text, start), cleanPosition(row.text, end)] as const);
}
