import { countCommon } from './answer-match.ts';

export interface OverlapScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Lower-cased runs of a–z and 0–9, without stemming: the tokens of the `rouge_score` package. Other scripts have none. */
export function rougeTokens(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** ROUGE-N (Lin 2004): n-grams shared by answer and reference, over the n-grams of each. A text without n-grams gives 0. */
export function rougeN(n: number, answer: string, reference: string): OverlapScore {
  const [found, wanted] = [nGrams(rougeTokens(answer), n), nGrams(rougeTokens(reference), n)];
  return overlap(countCommon(found, wanted), found.length, wanted.length);
}

/** ROUGE-L (Lin 2004): the longest common subsequence of tokens over the length of each text, not sentence by sentence. */
export function rougeL(answer: string, reference: string): OverlapScore {
  const [found, wanted] = [rougeTokens(answer), rougeTokens(reference)];
  return overlap(longestCommonSubsequence(found, wanted), found.length, wanted.length);
}

/** The best F1 among several references. */
export function bestRouge(kind: 1 | 2 | 'L', answer: string, references: readonly string[]): OverlapScore {
  const scores = references.map((reference) =>
    kind === 'L' ? rougeL(answer, reference) : rougeN(kind, answer, reference),
  );
  return scores.reduce((best, score) => (score.f1 > best.f1 ? score : best), { precision: 0, recall: 0, f1: 0 });
}

function nGrams(tokens: readonly string[], n: number): string[] {
  return Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, i) => tokens.slice(i, i + n).join(' '));
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Uint32Array(b.length + 1);
  for (const token of a) {
    const current = new Uint32Array(b.length + 1);
    for (let j = 1; j <= b.length; j++) {
      current[j] = token === b[j - 1] ? previous[j - 1]! + 1 : Math.max(previous[j]!, current[j - 1]!);
    }
    previous = current;
  }
  return previous[b.length]!;
}

function overlap(shared: number, found: number, wanted: number): OverlapScore {
  const precision = shared / Math.max(found, 1);
  const recall = shared / Math.max(wanted, 1);
  return { precision, recall, f1: shared === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
