import type { Outcome } from '../contract.ts';
import { hasWord, type PocketAnswer, plainText } from './words.ts';

export interface PocketIntentScore {
  /** The label that is the whole answer; null where it is none. */
  readonly predicted: string | null;
  readonly correct: boolean;
  /** To call a message out of scope that is not is to abstain. */
  readonly outcome: Outcome;
  /** The only label that the text names. */
  readonly lenient: { readonly predicted: string | null; readonly correct: boolean };
}

/**
 * Scores an answer that is to be one label and a stop.
 * @param labels the intents and `outOfScope`
 */
export function scorePocketIntent(
  answer: PocketAnswer,
  { label }: { readonly label: string },
  labels: readonly string[],
  outOfScope = 'other',
): PocketIntentScore {
  const text = plainText(answer);
  const predicted = answer.ended ? (labels.find((one) => text === `${one} .`) ?? null) : null;
  const mentioned = labels.filter((one) => hasWord(text, one));
  const found = mentioned.length === 1 ? mentioned[0]! : null;
  return {
    predicted,
    correct: predicted === label,
    outcome:
      predicted === label
        ? 'correct'
        : predicted === null
          ? 'unparseable'
          : predicted === outOfScope
            ? 'abstained'
            : 'incorrect',
    lenient: { predicted: found, correct: found === label },
  };
}
