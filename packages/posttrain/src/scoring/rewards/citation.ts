import { authorityOf, type RankedSource } from '../citations/authority.ts';
import { parseCitations } from '../citations/parse.ts';
import { type CitationScore, scoreCitations } from '../citations/score.ts';
import type { Support } from '../citations/support.ts';
import { named, type Reward } from '../contract.ts';

export interface CitationRewardOptions<Row> {
  readonly sources: (row: Row) => readonly string[];
  readonly support: Support;
}

/**
 * F1 of citation recall and precision, the rest of the citation score as parts; null for a row without sources. It pays for copying a
 * source, right or wrong, so it needs an answer term beside it, or `copiedShare` as a gate.
 */
export function citationReward<Row>({ sources, support }: CitationRewardOptions<Row>): Reward<Row> {
  return named('citation', async ({ text, row }, { signal }) => {
    const given = sources(row);
    if (given.length === 0) return null;
    const score = await scoreCitations(text, given, support, signal);
    return { value: score.f1, parts: citationParts(score) };
  });
}

function citationParts(score: CitationScore): Record<string, number> {
  const { recall, precision, validity, coverage, citations, malformed } = score;
  return {
    recall,
    coverage,
    citations,
    malformed,
    ...(precision === null ? {} : { precision }),
    ...(validity === null ? {} : { validity }),
  };
}

/** A gate: 1 where something is cited and every citation names a source, inside its sentence and in the accepted style, else 0. */
export function citationFormatGate<Row>(sources: (row: Row) => readonly string[]): Reward<Row> {
  return named('citationFormat', ({ text, row }) => {
    const sentences = parseCitations(text);
    const citations = sentences.flatMap((sentence) => sentence.citations);
    const count = sources(row).length;
    const wellFormed = sentences.every((sentence) => sentence.malformed === 0);
    const inPlace = citations.every(({ id, afterStop }) => id >= 1 && id <= count && !afterStop);
    return citations.length > 0 && wellFormed && inPlace ? 1 : 0;
  });
}

export interface AuthorityRewardOptions<Row> extends CitationRewardOptions<Row> {
  readonly ranks: (row: Row) => readonly RankedSource[];
  /** The sources that contradict each other, counted from 1; none where the row has no conflict. */
  readonly conflicting: (row: Row) => readonly number[];
}

/** 1 where a supported answer to conflicting sources cites the most trusted side alone, else 0; null where that is no question. */
export function authorityReward<Row>(options: AuthorityRewardOptions<Row>): Reward<Row> {
  const { sources, support, ranks, conflicting } = options;
  return named('authority', async ({ text, row }, { signal }) => {
    const score = await scoreCitations(text, sources(row), support, signal);
    const cited = parseCitations(text).flatMap((sentence) => sentence.citations.map(({ id }) => id));
    return authorityOf({ conflicting: conflicting(row), sources: ranks(row), supported: score.recall === 1, cited });
  });
}

/**
 * The longest run of words that a text shares with one of the sources, over the text's words: 1 is a copy. Runs shorter than
 * `shortest` words count as none, since names and figures must be shared.
 */
export function copiedShare(text: string, sources: readonly string[], shortest = 8): number {
  const words = plain(text);
  const longest = Math.max(0, ...sources.map((source) => longestSharedRun(words, plain(source))));
  return longest < shortest ? 0 : longest / words.length;
}

/** A gate: 0 where more than `most` of the text is one run copied from a source. */
export function copyGate<Row>(sources: (row: Row) => readonly string[], most = 0.8): Reward<Row> {
  return named('notCopied', ({ text, row }) => (copiedShare(text, sources(row)) > most ? 0 : 1));
}

function plain(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

function longestSharedRun(a: readonly string[], b: readonly string[]): number {
  let [longest, previous] = [0, new Uint32Array(b.length + 1)];
  for (const word of a) {
    const current = new Uint32Array(b.length + 1);
    for (let j = 1; j <= b.length; j++) {
      current[j] = word === b[j - 1] ? previous[j - 1]! + 1 : 0;
      longest = Math.max(longest, current[j]!);
    }
    previous = current;
  }
  return longest;
}
