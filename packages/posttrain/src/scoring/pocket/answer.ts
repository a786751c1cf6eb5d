import type { Outcome } from '../contract.ts';
import { citedIn, hasWord, isPunctuation, type PocketAnswer, plainText, saysNotStated } from './words.ts';

/** What the right answer to a question about one value says; the items of `data/pocket` carry it as `gold`. */
export interface PocketExpectation {
  /** The right answer, word for word. */
  readonly answer: string;
  readonly entity: string;
  readonly attribute: string;
  /** null where the sources do not state it, and saying so is right. */
  readonly value: string | null;
  /** Such as `[2]`; null where none is due. */
  readonly citation: string | null;
  /** What a less trusted source says instead. */
  readonly rejected?: { readonly value: string; readonly citation: string };
}

export interface PocketParts {
  /** The right value is given; or, where none is stated, the answer says so. */
  readonly value: boolean;
  /** Exactly the due citations: the right one, or none. */
  readonly citation: boolean;
  readonly entity: boolean;
}

/** The verdicts on one answer. */
export interface PocketScore extends PocketParts {
  /** The answer has one of the allowed shapes and ended by itself. */
  readonly format: boolean;
  /** Format, value, citation and entity are right: the figure called accuracy. */
  readonly correct: boolean;
  /** Word for word the right answer, properly ended. */
  readonly exact: boolean;
  /** The answer says that the value is not stated, in any words around it. */
  readonly abstained: boolean;
  /** The value of the less trusted source is given. */
  readonly misled: boolean;
  /** Saying rightly that nothing is stated is correct; saying so where a source answers is to abstain. */
  readonly outcome: Outcome;
  /** What a forgiving reader finds anywhere in the text, whatever its shape. */
  readonly lenient: PocketParts & { readonly correct: boolean };
}

const shape = /^(?<entity>\S+) (?<attribute>\S+) (?:not stated|(?<value>\S+)(?: (?<citation>\[\d+\]))?) \.$/;

/**
 * Scores one answer. Strict parts need the shape `entity attribute value [n] .`, `entity attribute value .` or
 * `entity attribute not stated .`; an answer of another shape has none of them. Lenient parts look for the words anywhere.
 */
export function scorePocketAnswer(answer: PocketAnswer, expected: PocketExpectation): PocketScore {
  const text = plainText(answer);
  const groups = shape.exec(text)?.groups;
  const wellFormed = groups !== undefined && !isPunctuation(groups['value']);
  const abstained = saysNotStated(text);
  const strict: PocketParts = {
    value: wellFormed && (expected.value === null ? abstained : groups['value'] === expected.value),
    citation: wellFormed && (groups['citation'] ?? null) === expected.citation,
    entity: wellFormed && groups['entity'] === expected.entity && groups['attribute'] === expected.attribute,
  };
  const format = wellFormed && answer.ended;
  const correct = answer.ended && all(strict);
  const lenient = lenientParts(text, abstained, expected);
  return {
    ...strict,
    format,
    correct,
    exact: answer.ended && text === expected.answer,
    abstained,
    misled: expected.rejected !== undefined && hasWord(text, expected.rejected.value),
    outcome: correct
      ? 'correct'
      : !format
        ? 'unparseable'
        : abstained && expected.value !== null
          ? 'abstained'
          : 'incorrect',
    lenient: { ...lenient, correct: all(lenient) },
  };
}

function lenientParts(text: string, abstained: boolean, expected: PocketExpectation): PocketParts {
  const cited = new Set(citedIn(text));
  return {
    value: expected.value === null ? abstained : hasWord(text, expected.value),
    citation: expected.citation === null ? cited.size === 0 : cited.size === 1 && cited.has(expected.citation),
    entity: hasWord(text, expected.entity),
  };
}

function all(parts: PocketParts): boolean {
  return parts.value && parts.citation && parts.entity;
}
