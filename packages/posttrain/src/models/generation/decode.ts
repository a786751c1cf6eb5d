import { setImmediate as nextTurn } from 'node:timers/promises';
import { PosttrainError } from '../../support/errors.ts';
import { Random } from '../../support/random.ts';
import type { CausalLm } from '../causal-lm.ts';
import type { Decoder } from './decoder.ts';
import { ModuleDecoder } from './module-decoder.ts';
import { PackedDecoder } from './packed-decoder.ts';
import { PackedWeights } from './packed-weights.ts';
import { type Sampling, sampleTokens } from './sampler.ts';

export interface DecodeOptions {
  /** Most tokens per row. The model's context ends a row too. */
  readonly maxTokens: number;
  /** A row is done when it yields one of these; the token is reported. */
  readonly endTokens: ReadonlySet<number>;
  readonly sampling: Sampling;
  /** One per row: what a row draws depends on its seed alone. */
  readonly seeds: readonly number[];
  readonly signal?: AbortSignal | undefined;
  /** The model's packed weights, made once for many calls; without them they are packed for this one. */
  readonly weights?: PackedWeights | undefined;
  /**
   * Told every token as it comes, with the log-probability it was drawn with (see `Sampled`); returning true ends the row
   * (a stop string, say).
   */
  readonly onToken: (row: number, token: number, logp: number) => boolean | void;
}

export type Finish = 'stop' | 'length';

/**
 * Continues prompts of unequal length together with a key-value cache, one token of every unfinished row at a time.
 * The event loop gets a turn after each. Rows that are done leave the batch; rows with the same prompt, such as a group of
 * samples, run it once. By fused kernels where they fit the model, else by its own forward pass.
 * @returns why each row ended: an end token or `onToken` (`stop`), or no room left (`length`).
 * @throws the signal's reason when it is aborted; usage for an empty prompt or one that fills the context.
 */
export async function decode(
  model: CausalLm,
  prompts: readonly (readonly number[])[],
  options: DecodeOptions,
): Promise<Finish[]> {
  const { context } = model.dimensions;
  for (const [row, prompt] of prompts.entries()) {
    if (prompt.length === 0) throw new PosttrainError('usage', `prompt ${row} has no tokens.`);
    if (prompt.length >= context)
      throw new PosttrainError(
        'usage',
        `prompt ${row} has ${prompt.length} tokens; the model's context is ${context}, and at least one must be left for the answer.`,
      );
  }
  const finish: Finish[] = prompts.map(() => 'length');
  if (prompts.length === 0 || options.maxTokens <= 0) return finish;
  const random = options.seeds.map((seed) => Random.of(seed, 'sample'));
  const made = prompts.map(() => 0);
  const { distinct, promptOf } = shareAlike(prompts);
  using decoding = decoderFor(model, distinct, options);
  const { decoder } = decoding;
  for (const _ of decoder.begin(distinct, promptOf)) await turn(options.signal);

  let rows = prompts.map((_, row) => row);
  for (;;) {
    const uniform = rows.map((row) => random[row]!.float());
    const { tokens, logps } = sampleTokens(decoder.logits, options.sampling, uniform);
    const going: number[] = [];
    for (const [i, row] of rows.entries()) {
      const token = tokens[i]!;
      made[row]!++;
      const stopped = options.onToken(row, token, logps[i]!) === true || options.endTokens.has(token);
      if (stopped) finish[row] = 'stop';
      else if (made[row]! < options.maxTokens && prompts[row]!.length + made[row]! < context) going.push(i);
    }
    if (going.length === 0) return finish;
    if (going.length < rows.length) {
      decoder.keepRows(going);
      rows = going.map((i) => rows[i]!);
    }
    await turn(options.signal);
    decoder.step(going.map((i) => tokens[i]!));
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}

/** The prompts without repeats, and the place among them of each row's. */
function shareAlike(prompts: readonly (readonly number[])[]) {
  const places = new Map<string, number>();
  const distinct: (readonly number[])[] = [];
  const promptOf = prompts.map((prompt) => {
    const key = prompt.join();
    const place = places.get(key) ?? distinct.push(prompt) - 1;
    places.set(key, place);
    return place;
  });
  return { distinct, promptOf };
}

/** A decoder for these prompts, with the packed weights that are its own. */
function decoderFor(
  model: CausalLm,
  prompts: readonly (readonly number[])[],
  { weights, maxTokens }: DecodeOptions,
): Disposable & { readonly decoder: Decoder } {
  const { context } = model.dimensions;
  const own = weights ? null : PackedWeights.of(model);
  const packed = weights ?? own;
  const most = Math.min(context, Math.max(...prompts.map((prompt) => prompt.length)) + maxTokens);
  const decoder = packed ? new PackedDecoder(model.dimensions, packed, most) : new ModuleDecoder(model, maxTokens);
  return {
    decoder,
    [Symbol.dispose]: () => {
      decoder[Symbol.dispose]();
      own?.[Symbol.dispose]();
    },
  };
}
