import type { Outcome } from '../contract.ts';
import { citedIn, hasWord, type PocketAnswer, plainText, saysNotStated } from './words.ts';

/** A demand on the form of an answer. */
export type PocketConstraint =
  | { readonly kind: 'start' | 'end'; readonly phrase: string }
  | { readonly kind: 'without'; readonly word: string }
  | { readonly kind: 'sentences'; readonly count: number }
  | { readonly kind: 'uncited' | 'cited-twice' };

export interface PocketConstraintExpectation {
  readonly answer: string;
  readonly value: string;
  readonly citation: string;
  readonly constraint: PocketConstraint;
}

export interface PocketConstraintScore {
  /** The answer has the form that was demanded, and ended by itself. */
  readonly followed: boolean;
  /** The sentence with the right value has the right citation and no other; none where that was demanded. */
  readonly right: boolean;
  /** Both: a form without the content earns nothing. */
  readonly correct: boolean;
  readonly outcome: Outcome;
  /** The form, ended or not; the value anywhere. */
  readonly lenient: { readonly followed: boolean; readonly right: boolean; readonly correct: boolean };
}

/** Scores an answer to a grounded question that demands a form. */
export function scorePocketConstraint(
  answer: PocketAnswer,
  { value, citation, constraint }: PocketConstraintExpectation,
): PocketConstraintScore {
  const text = plainText(answer);
  const form = follows(text, constraint);
  const followed = form && answer.ended;
  const stating = text.split(' .').find((sentence) => hasWord(sentence, value));
  const due = constraint.kind === 'uncited' ? [] : [citation];
  const right = stating !== undefined && String([...new Set(citedIn(stating))]) === String(due);
  const lenient = { followed: form, right: hasWord(text, value) };
  return {
    followed,
    right,
    correct: followed && right,
    outcome: outcomeOf(text, answer.ended, followed && right),
    lenient: { ...lenient, correct: lenient.followed && lenient.right },
  };
}

/** Whether a text has the demanded form, whatever it says; a text without a word has none. */
export function follows(text: string, constraint: PocketConstraint): boolean {
  const words = text.split(' ').filter((word) => word !== '' && word !== '.');
  if (words.length === 0) return false;
  switch (constraint.kind) {
    case 'start':
      return ` ${words.join(' ')} `.startsWith(` ${constraint.phrase} `);
    case 'end':
      return ` ${words.join(' ')} `.endsWith(` ${constraint.phrase} `);
    case 'without':
      return !words.includes(constraint.word);
    case 'sentences':
      return text.endsWith(' .') && text.split(' ').filter((word) => word === '.').length === constraint.count;
    case 'uncited':
      return citedIn(text).length === 0;
    case 'cited-twice':
      return citedIn(text).length === 2;
  }
}

function outcomeOf(text: string, ended: boolean, correct: boolean): Outcome {
  if (correct) return 'correct';
  if (saysNotStated(text)) return 'abstained';
  return ended && text.endsWith(' .') ? 'incorrect' : 'unparseable';
}
