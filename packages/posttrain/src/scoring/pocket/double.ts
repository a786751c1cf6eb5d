import type { Outcome } from '../contract.ts';
import { citedIn, hasWord, isPunctuation, type PocketAnswer, plainText, saysNotStated } from './words.ts';

export interface PocketFact {
  readonly entity: string;
  readonly attribute: string;
  readonly value: string;
  readonly citation: string;
}

/** Two facts that the answer is to state and cite, in this order. */
export interface PocketDoubleExpectation {
  readonly answer: string;
  readonly facts: readonly [PocketFact, PocketFact];
}

export interface PocketDoubleScore {
  /** Two sentences of the shape `entity attribute value [n] .`, each with its citation or without, properly ended. */
  readonly format: boolean;
  /** Both facts are stated, whatever is cited. */
  readonly values: boolean;
  /** The first fact's source is cited in its sentence, and the second's in its own. */
  readonly firstCited: boolean;
  readonly secondCited: boolean;
  /** All of the above. */
  readonly correct: boolean;
  readonly outcome: Outcome;
  /** Both values and both citations anywhere in the text. */
  readonly lenient: { readonly values: boolean; readonly citations: boolean; readonly correct: boolean };
}

const sentence = /(\S+) (\S+) (\S+)(?: (\[\d+\]))? \./;
const shape = new RegExp(`^${sentence.source} ${sentence.source}$`);

/** Scores an answer that is to state two facts, each with its citation. Sentences in the other order are another shape. */
export function scorePocketDouble(answer: PocketAnswer, { facts }: PocketDoubleExpectation): PocketDoubleScore {
  const text = plainText(answer);
  const match = shape.exec(text);
  const stated = match && [match.slice(1, 5), match.slice(5, 9)];
  const format = answer.ended && (stated?.every(([, , value]) => !isPunctuation(value)) ?? false);
  const says = (i: 0 | 1) => {
    const { entity, attribute, value } = facts[i];
    return format && [entity, attribute, value].every((word, at) => stated?.[i]?.[at] === word);
  };
  const cites = (i: 0 | 1) => format && stated?.[i]?.[3] === facts[i].citation;
  const values = says(0) && says(1);
  const correct = values && cites(0) && cites(1);
  const lenient = {
    values: facts.every(({ value }) => hasWord(text, value)),
    citations: facts.every(({ citation }) => citedIn(text).includes(citation)),
  };
  return {
    format,
    values,
    firstCited: cites(0),
    secondCited: cites(1),
    correct,
    outcome: correct ? 'correct' : saysNotStated(text) ? 'abstained' : format ? 'incorrect' : 'unparseable',
    lenient: { ...lenient, correct: lenient.values && lenient.citations },
  };
}
