import { splitWords, withoutPunctuation, wordBoundary } from '../python-text.ts';

const articles = new RegExp(`${wordBoundary}(?:a|an|the)${wordBoundary}`, 'gu');

/**
 * An answer without what should not decide: lower case, no ASCII punctuation, no a/an/the, single spaces
 * (Rajpurkar et al. 2016, arXiv:1606.05250; the `normalize_answer` of SQuAD's and ALCE's scripts).
 */
export function normalizeAnswer(text: string): string {
  return splitWords(withoutPunctuation(text.toLowerCase()).replace(articles, ' ')).join(' ');
}

/** 1 where the answer equals one of the golds after normalisation, else 0. */
export function exactMatch(answer: string, golds: string | readonly string[]): 0 | 1 {
  const normalized = normalizeAnswer(answer);
  return asList(golds).some((gold) => normalizeAnswer(gold) === normalized) ? 1 : 0;
}

/**
 * 1 where the normalised answer contains one of the normalised golds as a piece of text, else 0 (ALCE's `exact_presence`).
 * "concatenate" contains "cat"; a gold that normalises to nothing is in every answer, as in the reference.
 */
export function containsAnswer(answer: string, golds: string | readonly string[]): 0 | 1 {
  const normalized = normalizeAnswer(answer);
  return asList(golds).some((gold) => normalized.includes(normalizeAnswer(gold))) ? 1 : 0;
}

/** Like `containsAnswer`, but only whole words count, and a gold that normalises to nothing is never found. */
export function containsAnswerWords(answer: string, golds: string | readonly string[]): 0 | 1 {
  const normalized = ` ${normalizeAnswer(answer)} `;
  return asList(golds).some((gold) => {
    const words = normalizeAnswer(gold);
    return words !== '' && normalized.includes(` ${words} `);
  })
    ? 1
    : 0;
}

/**
 * The best harmonic mean of word precision and word recall against one of the golds, words counted with repeats.
 * Two empty texts agree (1); one empty text agrees with nothing (0).
 */
export function tokenF1(answer: string, golds: string | readonly string[]): number {
  return Math.max(0, ...asList(golds).map((gold) => singleF1(splitWords(normalizeAnswer(answer)), gold)));
}

function singleF1(answer: readonly string[], gold: string): number {
  const reference = splitWords(normalizeAnswer(gold));
  if (answer.length === 0 || reference.length === 0) return answer.length === reference.length ? 1 : 0;
  const common = countCommon(answer, reference);
  return common === 0 ? 0 : (2 * common) / (answer.length + reference.length);
}

/** How many items two lists share, each as often as it occurs in both. */
export function countCommon<T>(a: readonly T[], b: readonly T[]): number {
  const left = new Map<T, number>();
  for (const item of a) left.set(item, (left.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of b) {
    const count = left.get(item) ?? 0;
    if (count === 0) continue;
    left.set(item, count - 1);
    common++;
  }
  return common;
}

function asList(golds: string | readonly string[]): readonly string[] {
  return typeof golds === 'string' ? [golds] : golds;
}
