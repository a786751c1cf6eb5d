import { type CitedSentence, parseCitations } from './parse.ts';
import type { Support } from './support.ts';

/** How an answer cites. All shares lie in [0, 1]. */
export interface CitationScore {
  /** Sentences that their cited sources together support, over sentences; 0 for an empty answer. */
  readonly recall: number;
  /** Citations that are needed or suffice, over all citations; null where nothing is cited. */
  readonly precision: number | null;
  /** The harmonic mean of the two; 0 where nothing is cited. */
  readonly f1: number;
  /** Citations of a source that exists, over all citations; null where nothing is cited. */
  readonly validity: number | null;
  /** Sentences with a citation, over sentences; 0 for an empty answer. */
  readonly coverage: number;
  readonly sentences: number;
  readonly citations: number;
  readonly malformed: number;
  readonly afterStop: number;
  /** Which support decided, to be printed beside recall and precision. */
  readonly support: string;
  /** Sources cited by the sentences that they support, in order of first citation; they count from 1. */
  readonly supporting: readonly number[];
}

interface SentenceScore {
  readonly supported: boolean;
  /** Sources whose citation counts as good, once each. */
  readonly good: readonly number[];
}

/**
 * Citation recall and precision after ALCE (Gao et al. 2023, arXiv:2305.14627, §4), with rules of our own where the reference lets
 * false citations go free: a number without a source and a repeated number count against precision, and cost no recall; ids count
 * from 1; `[n, m]` is two citations.
 *
 * A citation is good where the sentence's valid sources together support it, and that source alone does so too, or the others do not.
 * Whether the answer is right is another question: copying a wrong source cites perfectly.
 *
 * @param answer the text, or its sentences
 * @param sources texts, of which `[1]` is the first
 */
export async function scoreCitations(
  answer: string | readonly string[],
  sources: readonly string[],
  support: Support,
  signal?: AbortSignal,
): Promise<CitationScore> {
  const sentences = parseCitations(answer);
  const scores: SentenceScore[] = [];
  for (const sentence of sentences) scores.push(await scoreSentence(sentence, sources, support, signal));
  const citations = sentences.flatMap((sentence) => sentence.citations);
  const recall = ratio(scores.filter((score) => score.supported).length, sentences.length) ?? 0;
  const precision = ratio(scores.flatMap((score) => score.good).length, citations.length);
  return {
    recall,
    precision,
    f1: precision === null || recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision),
    validity: ratio(citations.filter(({ id }) => exists(id, sources)).length, citations.length),
    coverage: ratio(sentences.filter((sentence) => sentence.citations.length > 0).length, sentences.length) ?? 0,
    sentences: sentences.length,
    citations: citations.length,
    malformed: sentences.reduce((sum, sentence) => sum + sentence.malformed, 0),
    afterStop: citations.filter(({ afterStop }) => afterStop).length,
    support: support.name,
    supporting: [...new Set(scores.flatMap((score) => score.good))],
  };
}

async function scoreSentence(
  sentence: CitedSentence,
  sources: readonly string[],
  support: Support,
  signal: AbortSignal | undefined,
): Promise<SentenceScore> {
  const cited = [...new Set(sentence.citations.map(({ id }) => id))].filter((id) => exists(id, sources));
  const supportedBy = async (ids: readonly number[]): Promise<boolean> => {
    signal?.throwIfAborted();
    if (ids.length === 0) return false;
    return support.supports(ids.map((id) => sources[id - 1]!).join('\n'), sentence.text, signal);
  };
  if (!(await supportedBy(cited))) return { supported: false, good: [] };
  // One source that supports the sentence is needed, so there is nothing more to ask.
  if (cited.length === 1) return { supported: true, good: cited };
  const good: number[] = [];
  for (const id of cited) {
    if ((await supportedBy([id])) || !(await supportedBy(cited.filter((other) => other !== id)))) good.push(id);
  }
  return { supported: true, good };
}

function exists(id: number, sources: readonly string[]): boolean {
  return id >= 1 && id <= sources.length;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
