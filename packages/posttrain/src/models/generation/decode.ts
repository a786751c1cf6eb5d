import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AttentionContext, KeyValueCache } from '../../nn/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { Random } from '../../support/random.ts';
import { noGrad, scope, tensor } from '../../tensor/index.ts';
import type { CausalLm } from '../causal-lm.ts';
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
  /** Told every token as it comes; returning true ends the row (a stop string, say). */
  readonly onToken: (row: number, token: number) => boolean | void;
}

export type Finish = 'stop' | 'length';

/**
 * Continues prompts of unequal length together with a key-value cache, one token of every unfinished row at a time.
 * The event loop gets a turn after each. Rows that are done leave the batch.
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
  const lengths = prompts.map((prompt) => prompt.length);
  const made = prompts.map(() => 0);
  const device = model.parameters()[0]!.device;
  using cache = new KeyValueCache(lengths, options.maxTokens, device);

  let rows = prompts.map((_, row) => row);
  let next = firstTokens(model, prompts, cache, options.sampling, random);
  for (;;) {
    const going: number[] = [];
    for (const [i, row] of rows.entries()) {
      const token = next[i]!;
      made[row]!++;
      const stopped = options.onToken(row, token) === true || options.endTokens.has(token);
      if (stopped) finish[row] = 'stop';
      else if (made[row]! < options.maxTokens && lengths[row]! + made[row]! < context) going.push(i);
    }
    if (going.length === 0) return finish;
    if (going.length < rows.length) {
      cache.keepRows(going);
      rows = going.map((i) => rows[i]!);
      next = going.map((i) => next[i]!);
    }
    await nextTurn();
    options.signal?.throwIfAborted();
    next = nextTokens(
      model,
      next,
      cache,
      options.sampling,
      rows.map((row) => random[row]!),
    );
  }
}

function firstTokens(
  model: CausalLm,
  prompts: readonly (readonly number[])[],
  cache: KeyValueCache,
  sampling: Sampling,
  random: readonly Random[],
): number[] {
  let end = 0;
  const last = prompts.map((prompt) => {
    end += prompt.length;
    return end - 1;
  });
  using attention = cache.prefill();
  return sampleAfter(model, prompts.flat(), attention, last, sampling, random);
}

function nextTokens(
  model: CausalLm,
  tokens: readonly number[],
  cache: KeyValueCache,
  sampling: Sampling,
  random: readonly Random[],
): number[] {
  using attention = cache.decode();
  return sampleAfter(model, tokens, attention, null, sampling, random);
}

/** Runs tokens through the model and draws what follows those at `last`, or each of them. */
function sampleAfter(
  model: CausalLm,
  tokens: readonly number[],
  attention: AttentionContext,
  last: readonly number[] | null,
  sampling: Sampling,
  random: readonly Random[],
): number[] {
  return scope(() =>
    noGrad(() => {
      const whole = (ids: readonly number[]) => tensor(ids, { dtype: 'int64', device: attention.positions.device });
      const hidden = model.call(whole(tokens), attention);
      const states = last ? hidden.indexSelect(0, whole(last)) : hidden;
      return sampleTokens(
        model.logits(states),
        sampling,
        random.map((stream) => stream.float()),
      );
    }),
  );
}
