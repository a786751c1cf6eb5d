import { PosttrainError } from '../../support/errors.ts';
import { spaceClass, splitWords } from '../python-text.ts';
import { utf8Length } from './pick.ts';

/** A text with what a model makes of it. */
export interface RolledText {
  /** Σ log p of all its tokens, nats. */
  readonly logLikelihood: number;
  readonly words: number;
  readonly bytes: number;
}

export interface Perplexities {
  /** exp(−Σ ll / Σ words) */
  readonly wordPerplexity: number;
  /** exp(−Σ ll / Σ bytes) */
  readonly bytePerplexity: number;
  /** −Σ ll / Σ bytes / ln 2: comparable across tokenizers, as the other two are across nothing but the same words or bytes. */
  readonly bitsPerByte: number;
}

const spaceRuns = new RegExp(`[${spaceClass}]+`, 'u');

/** Perplexities of a corpus: one ratio of sums, not a mean of ratios, so long texts count for more. */
export function perplexities(texts: readonly RolledText[]): Perplexities {
  const sum = (key: keyof RolledText): number => texts.reduce((total, text) => total + text[key], 0);
  const [nats, words, bytes] = [-sum('logLikelihood'), sum('words'), sum('bytes')];
  if (words <= 0 || bytes <= 0)
    throw new PosttrainError(
      'usage',
      `perplexity of ${texts.length} texts with ${words} words and ${bytes} bytes is undefined.`,
    );
  return {
    wordPerplexity: Math.exp(nats / words),
    bytePerplexity: Math.exp(nats / bytes),
    bitsPerByte: nats / bytes / Math.LN2,
  };
}

/**
 * The units of a text. `compat:lm-eval` also counts the empty strings that splitting at white space leaves at a text's ends, so
 * `"a b\n"` has three words there and two here.
 */
export function countUnits(
  text: string,
  rule: 'native' | 'compat:lm-eval' = 'native',
): { readonly words: number; readonly bytes: number } {
  const words = rule === 'native' ? splitWords(text).length : text.split(spaceRuns).length;
  return { words, bytes: utf8Length(text) };
}
