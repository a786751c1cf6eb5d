import { PosttrainError } from '../../support/errors.ts';
import { strip, withoutPunctuation } from '../python-text.ts';
import { porterStem } from '../text/porter-stem.ts';
import type { Classified } from './classification.ts';
import { legalBenchScore, normalizeLabel } from './legalbench.ts';

/** A generation with the right answer as the data writes it; several of them stand between commas. */
export type OpenAnswer = Classified;

/** `compat:legalbench` keeps what its `evaluation.py` does with odd input; each function says what that is. */
export type LegalBenchCompat = 'native' | 'compat:legalbench';

export const successorExceptions: readonly string[] = [
  'express agreement',
  'fraudulent conveyance',
  'de facto merger',
  'mere continuation',
];

/**
 * `successor_liability`: F1 over the exceptions named, of all answers together. An exception is named where its words occur; under
 * compat, in lower case only.
 *
 * @returns null where nothing is named and nothing was to be named
 */
export function exceptionsF1(items: readonly OpenAnswer[], rule: LegalBenchCompat = 'native'): number | null {
  const counts = { hits: 0, wrong: 0, missed: 0 };
  for (const { gold, predicted } of items) {
    const text = rule === 'native' ? (predicted ?? '').toLowerCase() : (predicted ?? '');
    const named = successorExceptions.filter((name) => text.includes(name));
    const wanted = splitAnswers(gold);
    const hits = named.filter((name) => wanted.includes(name)).length;
    counts.hits += hits;
    counts.wrong += named.length - hits;
    counts.missed += wanted.length - hits;
  }
  return f1Of(counts);
}

/**
 * `sara_numeric`: the share of answers whose first number lies within a tenth of the right one. Natively a number may have a decimal
 * part, and 0 is right where the answer is $0; under compat commas and points go first, so that `1,234.50` is 123450, an answer
 * without a number is 0, and an answer of $0 is never right, as a tenth of a dollar is added to the right one.
 */
export function amountAccuracy(items: readonly OpenAnswer[], rule: LegalBenchCompat = 'native'): number {
  return meanOf(items, ({ gold, predicted }) => {
    const right = Number(gold.replace(/[$,]/g, ''));
    if (!Number.isFinite(right))
      throw new PosttrainError('data-invalid', `the amount ${JSON.stringify(gold)} is no number.`);
    if (rule === 'compat:legalbench') {
      const digits = /\d+/.exec((predicted ?? '').replace(/[,.]/g, ''));
      return Math.abs(Number(digits?.[0] ?? 0) / (right + 0.1) - 1) < 0.1;
    }
    const found = /-?\d[\d,]*(?:\.\d+)?/.exec(predicted ?? '');
    return found !== null && Math.abs(Number(found[0].replaceAll(',', '')) - right) <= 0.1 * Math.abs(right);
  });
}

/** `definition_extraction`: the share of answers one of whose terms has the stem of a right term. */
export function termAccuracy(items: readonly OpenAnswer[]): number {
  const stems = (text: string) => splitAnswers(text).map((term) => porterStem(normalizeLabel(term)));
  return meanOf(items, ({ gold, predicted }) => {
    const right = stems(gold);
    return stems(predicted ?? '').some((stem) => right.includes(stem));
  });
}

/** `citation_prediction_open`: the share of answers that hold the right case name, whatever the case and punctuation. */
export function caseNameAccuracy(items: readonly OpenAnswer[]): number {
  return meanOf(items, ({ gold, predicted }) => normalizeLabel(predicted ?? '').includes(normalizeLabel(gold)));
}

/**
 * `ssla_…`: F1 over the parties named between commas, of all answers together. A right name counts where it occurs in one of the names given,
 * each of which serves once. Under compat, the names not yet used are counted as wrong anew for every right name, and an empty
 * answer is a wrong name.
 */
export function partiesF1(items: readonly OpenAnswer[], rule: LegalBenchCompat = 'native'): number | null {
  const counts = { hits: 0, wrong: 0, missed: 0 };
  for (const { gold, predicted } of items) {
    const pieces = (predicted ?? '').split(',').map(normalizeLabel);
    const left = rule === 'native' ? pieces.filter((name) => name !== '') : pieces;
    for (const name of splitAnswers(gold).map(normalizeLabel)) {
      const place = left.findIndex((given) => given.includes(name));
      if (place < 0) counts.missed++;
      else {
        counts.hits++;
        left.splice(place, 1);
      }
      if (rule === 'compat:legalbench') counts.wrong += left.length;
    }
    if (rule === 'native') counts.wrong += left.length;
  }
  return f1Of(counts);
}

/**
 * LegalBench's score of a task (Guha et al. 2023, arXiv:2308.11462): most have labels, some a rule of their own, and `rule_qa` is graded
 * by people.
 *
 * @param task its name, such as `sara_numeric`
 * @throws PosttrainError `usage` for `rule_qa`
 */
export function legalBenchTaskScore(
  task: string,
  items: readonly OpenAnswer[],
  rule: LegalBenchCompat = 'native',
): number | null {
  if (task === 'rule_qa')
    throw new PosttrainError('usage', 'LegalBench has rule_qa graded by people, not by a rule.', {
      help: 'give its answers to a judge, with criteria of your own',
    });
  if (task === 'successor_liability') return exceptionsF1(items, rule);
  if (task === 'sara_numeric') return amountAccuracy(items, rule);
  if (task === 'definition_extraction') return termAccuracy(items);
  if (task === 'citation_prediction_open') return caseNameAccuracy(items);
  if (task.startsWith('ssla')) return partiesF1(items, rule);
  return legalBenchScore(items);
}

/** What stands between commas, without what is empty. */
function splitAnswers(text: string): string[] {
  return text
    .split(',')
    .map(strip)
    .filter((answer) => withoutPunctuation(answer) !== '');
}

function f1Of({ hits, wrong, missed }: { hits: number; wrong: number; missed: number }): number | null {
  return hits + wrong + missed === 0 ? null : (2 * hits) / (2 * hits + wrong + missed);
}

function meanOf(items: readonly OpenAnswer[], isRight: (item: OpenAnswer) => boolean): number {
  if (items.length === 0) throw new PosttrainError('usage', 'accuracy of no rows is undefined.');
  return items.filter(isRight).length / items.length;
}
