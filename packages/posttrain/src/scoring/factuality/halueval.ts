import { plainWords } from '../text/abstention-phrases.ts';

/** What a model says of an answer: that it holds a hallucination, that it does not, or neither clearly. */
export type HallucinationVerdict = 'yes' | 'no' | 'failed';

/** The verdict by whole words: exactly one of "yes" and "no". The reference takes the "No" in "Nothing" for one. */
export function readVerdict(text: string): HallucinationVerdict {
  const words = plainWords(text);
  const [yes, no] = [words.includes(' yes '), words.includes(' no ')];
  if (yes === no) return 'failed';
  return yes ? 'yes' : 'no';
}

/** Verdicts on both answers of a row. */
export interface HaluEvalItem {
  readonly onRight: HallucinationVerdict;
  readonly onHallucinated: HallucinationVerdict;
}

export interface HaluEvalScore {
  /** Right verdicts over all; failures are wrong. ½ is chance. */
  readonly accuracy: number;
  /** Rows with both verdicts right: always "yes", or always "no", gets none. */
  readonly pairAccuracy: number;
  /** Verdicts that are neither. */
  readonly failed: number;
}

/**
 * HaluEval's discrimination (Li et al. 2023, arXiv:2305.11747), showing both answers of every row; the reference draws one of the two
 * from a generator that it does not seed. null without rows.
 */
export function haluEvalScore(items: readonly HaluEvalItem[]): HaluEvalScore | null {
  if (items.length === 0) return null;
  const verdicts = items.flatMap(({ onRight, onHallucinated }) => [onRight, onHallucinated]);
  const right = items.map(({ onRight, onHallucinated }) => Number(onRight === 'no') + Number(onHallucinated === 'yes'));
  return {
    accuracy: right.reduce((sum, count) => sum + count, 0) / verdicts.length,
    pairAccuracy: right.filter((count) => count === 2).length / items.length,
    failed: verdicts.filter((verdict) => verdict === 'failed').length,
  };
}
