import type { Message, RowOrigin } from '../types.ts';

/** Who said so, when, and which export or product it came from. Left out where the row does not say. */
export interface Provenance {
  readonly annotator?: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly source?: string;
}

interface AboutPrompt extends Provenance {
  /** What came before the answer, tools included. */
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly origin: RowOrigin;
}

/** The messages of one answer: usually one of the assistant. */
export type Answer = readonly Message[];

/** Which of two answers is better. */
export interface Comparison extends AboutPrompt {
  readonly kind: 'comparison';
  readonly answers: readonly [Answer, Answer];
  readonly choice: 'first' | 'second' | 'tie';
  /** How much better, on a scale of the annotators' own. */
  readonly margin?: number;
  /** Whether `first` stood first, or on the left, when the person chose. Exports of chosen and rejected do not say. */
  readonly shownInOrder: boolean;
}

/** How good one answer is, on a scale. */
export interface Rating extends AboutPrompt {
  readonly kind: 'rating';
  readonly answer: Answer;
  readonly score: number;
  /** The lowest and the highest score that could be given. */
  readonly scale?: readonly [number, number];
}

/** Thumb up or thumb down. */
export interface Thumb extends AboutPrompt {
  readonly kind: 'thumb';
  readonly answer: Answer;
  readonly up: boolean;
}

/** What a person made of an answer: the corrected text is better than the one that was offered. */
export interface Edit extends AboutPrompt {
  readonly kind: 'edit';
  readonly before: Answer;
  readonly after: Answer;
}

/** One judgement by a person, or by a judge that speaks for principles. */
export type Feedback = Comparison | Rating | Thumb | Edit;

/** A pair as preference methods and reward models learn it. */
export interface PreferencePair {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly chosen: Answer;
  readonly rejected: Answer;
  readonly margin?: number;
  readonly origin: RowOrigin;
}

/** An answer with a label, as KTO learns it. */
export interface LabelledAnswer {
  readonly prompt: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly answer: Answer;
  readonly desirable: boolean;
  readonly origin: RowOrigin;
}
