import type { Tokenizer } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { LikelihoodQuery } from './log-likelihood.ts';

/**
 * How text becomes likelihood queries: lm-evaluation-harness's rules, so that its numbers and ours are the same.
 * Lengths are in tokens.
 */

export interface PairedTokens {
  readonly context: readonly number[];
  readonly continuation: readonly number[];
  /** Tokens cut from the start of the context because the model cannot see that far. */
  readonly cut: number;
}

/** The token that stands where there is no context: the beginning token, else the end token. */
export function prefixToken(tokenizer: Tokenizer): number {
  const token = tokenizer.bos ?? tokenizer.eos;
  if (token) return token.id;
  throw new PosttrainError(
    'tokenizer-invalid',
    'the tokenizer has neither a beginning nor an end token, so a text without context cannot be judged.',
    {
      help: 'set bos_token or eos_token in tokenizer_config.json.',
    },
  );
}

/**
 * Context and continuations as tokens. Spaces at the end of the context belong to the continuation; the continuation's
 * tokens are those of the whole text after as many as the context has alone. No special tokens are added.
 */
export async function pairTokens(
  tokenizer: Tokenizer,
  context: string,
  continuations: readonly string[],
  longest: number,
): Promise<PairedTokens[]> {
  const trimmed = context.trimEnd();
  const moved = context.slice(trimmed.length);
  const encode = (texts: readonly string[]) => tokenizer.encodeBatch(texts, { specialTokens: false });
  if (trimmed === '') {
    const alone = await encode(continuations.map((text) => moved + text));
    return alone.map((ids) => fit([prefixToken(tokenizer)], [...ids], longest));
  }
  const [before, ...wholes] = await encode([trimmed, ...continuations.map((text) => trimmed + moved + text)]);
  return wholes.map((ids) => fit([...ids.slice(0, before!.length)], [...ids.slice(before!.length)], longest));
}

/** Cuts the context from its start until all but the last token of context and continuation can be seen. */
export function fit(context: readonly number[], continuation: readonly number[], longest: number): PairedTokens {
  if (continuation.length === 0) throw new PosttrainError('usage', 'a continuation has no tokens.');
  if (continuation.length > longest)
    throw new PosttrainError('usage', `a continuation has ${continuation.length} tokens; the model sees ${longest}.`);
  const cut = Math.max(0, context.length + continuation.length - 1 - longest);
  return { context: context.slice(cut), continuation, cut };
}

/**
 * A long text in windows that judge each token once: the first after `prefix`, each later one after the token before
 * it, and the last after as much as the model can still see.
 */
export function rollingWindows(tokens: readonly number[], prefix: number, longest: number): LikelihoodQuery[] {
  if (tokens.length === 0) return [];
  const first = Math.min(longest, tokens.length);
  const windows: LikelihoodQuery[] = [{ context: [prefix], continuations: [tokens.slice(0, first)] }];
  for (let start = first; start < tokens.length; ) {
    const end = Math.min(start + longest, tokens.length);
    const seen = Math.max(0, end - longest - 1);
    windows.push({ context: tokens.slice(seen, start), continuations: [tokens.slice(start, end)] });
    start = end;
  }
  return windows;
}

/** Queries with the same context become one, so that the context is computed once. `place` says where each pair's result is. */
export function shareContexts(pairs: readonly PairedTokens[]): {
  queries: LikelihoodQuery[];
  place: readonly (readonly [query: number, continuation: number])[];
} {
  const byContext = new Map<string, number>();
  const queries: { context: readonly number[]; continuations: (readonly number[])[] }[] = [];
  const place = pairs.map(({ context, continuation }) => {
    const key = context.join(' ');
    let query = byContext.get(key);
    if (query === undefined) {
      query = queries.length;
      byContext.set(key, query);
      queries.push({ context, continuations: [] });
    }
    queries[query]!.continuations.push(continuation);
    return [query, queries[query]!.continuations.length - 1] as const;
  });
  return { queries, place };
}
