import type { Support } from './support.ts';

export interface AlceDocument {
  readonly title: string;
  readonly text: string;
}

export interface AlceScore {
  /** Percent. */
  readonly recall: number;
  /** Percent. */
  readonly precision: number;
}

/**
 * ALCE's citation recall and precision of one answer with the reference's quirks (`compute_autoais` of its `eval.py`; compat: alce),
 * for comparison with published numbers: only `[12` is seen, so `[1, 2]` cites once and leaves `, 2` in the claim; a sentence with a
 * number past the last source is skipped, so a made-up number costs no precision; `[0]` cites the last source; repeats count as hits.
 *
 * @param sentences as NLTK cuts them: pass pre-split sentences to compare without its model
 * @param atMost citations considered in a sentence; the reference's command line uses 3
 */
export async function alceCitations(
  sentences: readonly string[],
  documents: readonly AlceDocument[],
  support: Support,
  atMost = 3,
): Promise<AlceScore> {
  let [supported, good, total] = [0, 0, 0];
  for (const sentence of sentences) {
    const cited = (sentence.match(/\[\d+/g) ?? []).map((found) => Number(found.slice(1)) - 1);
    if (cited.length === 0 || cited.some((index) => index >= documents.length)) continue;
    const used = cited.slice(0, atMost);
    total += used.length;
    const supports = async (indices: readonly number[]): Promise<boolean> =>
      support.supports(indices.map((index) => format(documents.at(index)!)).join('\n'), alceClaim(sentence));
    if (!(await supports(used))) continue;
    supported++;
    good += used.length > 1 ? await countGood(used, supports) : 1;
  }
  return {
    recall: sentences.length === 0 ? 0 : (100 * supported) / sentences.length,
    precision: total === 0 ? 0 : (100 * good) / total,
  };
}

async function countGood(
  used: readonly number[],
  supports: (indices: readonly number[]) => Promise<boolean>,
): Promise<number> {
  let good = 0;
  for (const index of used) {
    const rest = used.toSpliced(used.indexOf(index), 1);
    if ((await supports([index])) || !(await supports(rest))) good++;
  }
  return good;
}

/** A sentence as ALCE strips it: ` [12` and `[12`, then ` |`, then every `]`. */
function alceClaim(sentence: string): string {
  return sentence
    .replace(/ \[\d+/g, '')
    .replace(/\[\d+/g, '')
    .replaceAll(' |', '')
    .replaceAll(']', '')
    .trim();
}

function format(document: AlceDocument): string {
  return `Title: ${document.title}\n${document.text}`;
}
