import { parseCitations } from '../citations/parse.ts';

/** Each source's share of an answer; every list sums to 1, or is all 0 where nothing valid is cited. */
export interface SourceVisibility {
  readonly wordCount: readonly number[];
  readonly position: readonly number[];
  readonly positionAdjustedWordCount: readonly number[];
  /** Whether the answer cites no source at all. */
  readonly uncited: boolean;
}

/**
 * How much of an answer each source gets (Aggarwal et al. 2023, arXiv:2311.09735, §2.2.1): over the sentences i of S that cite it, the
 * sums of wᵢ/cᵢ, of e^(−i/(S−1))/cᵢ, and of their product, with wᵢ words of more than two characters, cᵢ citations, i from 0.
 *
 * Unlike the reference, an answer without citations gives every source 0, not 1/n; `[0]` is no source; `[1, 2]` is two citations.
 * A number without a source still shares its sentence's weight.
 */
export function sourceVisibility(answer: string | readonly string[], sources: number): SourceVisibility {
  const sentences = parseCitations(answer);
  const totals = Array.from({ length: sources }, () => ({ words: 0, position: 0, adjusted: 0 }));
  sentences.forEach(({ text, citations }, i) => {
    const words = (text.match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? []).filter((word) => [...word].length > 2).length;
    const place = sentences.length === 1 ? 1 : Math.exp(-i / (sentences.length - 1));
    for (const { id } of citations) {
      const total = totals[id - 1];
      if (!total) continue;
      total.words += words / citations.length;
      total.position += place / citations.length;
      total.adjusted += (words * place) / citations.length;
    }
  });
  return {
    wordCount: shares(totals.map((total) => total.words)),
    position: shares(totals.map((total) => total.position)),
    positionAdjustedWordCount: shares(totals.map((total) => total.adjusted)),
    uncited: sentences.every((sentence) => sentence.citations.length === 0),
  };
}

function shares(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => (total === 0 ? 0 : value / total));
}
