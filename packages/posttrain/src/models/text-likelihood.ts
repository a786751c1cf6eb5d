import type { Tokenizer } from '../data/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { LikelihoodRequest } from './generation/settings.ts';
import type { LikelihoodQuery } from './log-likelihood.ts';

/**
 * How text becomes likelihood queries: the rules of lm-evaluation-harness 0.4.13 with its transformers backend as it comes, so that
 * its numbers and ours are the same (docs/decisions/0007). Lengths are in tokens.
 */

export interface PairedTokens {
  readonly context: readonly number[];
  readonly continuation: readonly number[];
  /** Tokens cut from the start of the context because the model cannot see that far. */
  readonly cut: number;
}

/** The token that stands where there is no context. */
export function prefixToken(tokenizer: Tokenizer): number {
  if (tokenizer.textStart) return tokenizer.textStart.id;
  throw new PosttrainError(
    'tokenizer-invalid',
    'the tokenizer has neither a beginning nor an end token, so a text without context cannot be judged.',
    {
      help: 'set bos_token or eos_token in tokenizer_config.json.',
    },
  );
}

/**
 * Contexts and continuations as tokens. Spaces at the end of a context belong to its continuations. A continuation's tokens are
 * those of context and continuation together after as many as the context has alone, which stand before it as they are, even where
 * the two would be written with other tokens together. An empty context is the prefix token.
 */
export async function pairTokens(
  tokenizer: Tokenizer,
  requests: readonly LikelihoodRequest[],
  longest: number,
): Promise<PairedTokens[][]> {
  const split = requests.map(({ context, continuations }) => {
    const trimmed = trimEnd(context);
    const moved = context.slice(trimmed.length);
    return { context: trimmed, given: context !== '', continuations: continuations.map((text) => moved + text) };
  });
  const framed = await tokenizer.encodeFramed(
    split.flatMap(({ context, given, continuations }) =>
      given ? [context, ...continuations.map((text) => context + text)] : [],
    ),
  );
  const plain = await tokenizer.encodeBatch(
    split.flatMap(({ given, continuations }) => (given ? [] : continuations)),
    { specialTokens: false },
  );
  const next = { plain: 0, framed: 0 };
  return split.map(({ given, continuations }) => {
    if (!given) return continuations.map(() => afterNothing(tokenizer, [...plain[next.plain++]!], longest));
    const before = [...framed[next.framed++]!];
    const context = before.length > 0 ? before : [prefixToken(tokenizer)];
    return continuations.map(() => fit(context, [...framed[next.framed++]!.subarray(before.length)], longest));
  });
}

/** Python's `rstrip`: it knows four separators and a next-line as spaces, and no byte order mark. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

function isSpace(code: number): boolean {
  if (code === 0xfeff) return false;
  return (code >= 0x1c && code <= 0x1f) || code === 0x85 || /\s/.test(String.fromCharCode(code));
}

/** A continuation that begins with the prefix token is judged from its second token on. */
function afterNothing(tokenizer: Tokenizer, ids: readonly number[], longest: number): PairedTokens {
  const prefix = prefixToken(tokenizer);
  return ids[0] === prefix ? fit([prefix], ids.slice(1), longest) : fit([prefix], ids, longest);
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
