import type { Outcome } from '../contract.ts';
import { splitWords } from '../python-text.ts';
import { saysItDoesNotKnow } from './abstention-phrases.ts';
import { containsAnswerWords, exactMatch, normalizeAnswer } from './answer-match.ts';
import { isClose, parseNumber } from './number-answer.ts';

/** An outcome, or `undecided` where words alone do not settle it and a judge should. */
export type ShortAnswerGrade = Outcome | 'undecided';

export interface ShortAnswerOptions {
  /** Relative distance at which a number still counts as the gold. */
  readonly tolerance?: number;
  /** An answer of more words than this that holds no gold is `undecided` instead of wrong. */
  readonly longFrom?: number;
}

const numberPattern = /-?\$?\d[\d,]*(?:\.\d+)?/g;

/**
 * Grades an answer against short golds by words: `simpleqa.lexical`, an offline stand-in for SimpleQA's grader
 * (Wei et al. 2024, arXiv:2411.04368), which it does not equal.
 *
 * A gold that is a number is looked for among the numbers, other golds as whole words. `undecided`: two golds that do not
 * contain each other are found; a gold is found beside a phrase of not knowing; the gold is one of several different numbers;
 * nothing is found in a long answer. An answer without a word is unparseable.
 */
export function gradeShortAnswer(
  answer: string,
  golds: readonly string[],
  options: ShortAnswerOptions = {},
): ShortAnswerGrade {
  const { tolerance = 0, longFrom = 12 } = options;
  if (!/[\p{L}\p{N}]/u.test(answer)) return 'unparseable';
  if (exactMatch(answer, golds)) return 'correct';
  const found = golds.filter((gold) => occurs(answer, gold, tolerance));
  if (saysItDoesNotKnow(answer)) return found.length > 0 ? 'undecided' : 'abstained';
  if (found.length === 0) return splitWords(answer).length > longFrom ? 'undecided' : 'incorrect';
  if (contradict(found) || found.some((gold) => otherNumbers(answer, gold, tolerance))) return 'undecided';
  return 'correct';
}

function occurs(answer: string, gold: string, tolerance: number): boolean {
  const value = parseNumber(gold);
  if (value === null) return containsAnswerWords(answer, gold) === 1;
  return numbersIn(answer).some((number) => isClose(number, value, tolerance));
}

/** Whether the answer also holds a number that is not the gold. */
function otherNumbers(answer: string, gold: string, tolerance: number): boolean {
  const value = parseNumber(gold);
  return value !== null && numbersIn(answer).some((number) => !isClose(number, value, tolerance));
}

function numbersIn(text: string): number[] {
  return (text.match(numberPattern) ?? []).flatMap((written) => parseNumber(written) ?? []);
}

function contradict(found: readonly string[]): boolean {
  const texts = found.map(normalizeAnswer);
  return texts.some((a) => texts.some((b) => !a.includes(b) && !b.includes(a)));
}

/**
 * The one answer that a text gives, or null where it offers several ("A or B", "A; B", one on each line, "A / B"): a text
 * that stuffs candidates answers nothing.
 */
export function singleAnswer(text: string): string | null {
  const candidates = text
    .split(/\s+or\s+|\s*[;|\n]\s*|\s+\/\s+/iu)
    .map((candidate) => candidate.trim())
    .filter((candidate) => candidate !== '');
  return new Set(candidates.map(normalizeAnswer)).size === 1 ? candidates[0]! : null;
}
