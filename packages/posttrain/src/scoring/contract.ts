/** A turn of the conversation, as far as a scorer reads it; the messages of `posttrain/data` fit. */
export interface ScoredMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

/** One answer of a model with the row it answers. */
export interface Sample<Row = unknown> {
  /** The conversation that was answered, without the answer. */
  readonly messages: readonly ScoredMessage[];
  /** The answer, without reasoning and without control tokens. */
  readonly text: string;
  readonly reasoning?: string;
  readonly tokens: readonly number[];
  /** Whether the answer ended by itself, was cut at its length, or calls a tool. */
  readonly finish: 'stop' | 'length' | 'tool';
  readonly row: Row;
}

/** A number, or null where the scorer does not apply to the row; the long form says how the number came about. */
export type Score = number | null | DetailedScore;

export interface DetailedScore {
  readonly value: number | null;
  /** Further numbers to log beside the value. */
  readonly parts?: Readonly<Record<string, number>>;
  /** One phrase for a person who looks at the sample. */
  readonly why?: string;
}

export interface ScoringContext {
  readonly signal: AbortSignal;
}

/** A reward is a scorer is a reward: evaluation and training call the same function. Its `name` is how reports call it. */
export type Reward<Row = unknown> = (sample: Sample<Row>, context: ScoringContext) => Score | Promise<Score>;

/**
 * What became of an open answer. Nothing is folded: an abstention is no error, and an answer that cannot be read is
 * neither wrong nor right until a report says how it counts them.
 */
export type Outcome = 'correct' | 'incorrect' | 'abstained' | 'unparseable';

export const outcomes: readonly Outcome[] = ['correct', 'incorrect', 'abstained', 'unparseable'];

/** An outcome as a score: 1 for correct, 0 for the others, and every outcome a part of its own. */
export function outcomeScore(outcome: Outcome, why?: string): DetailedScore {
  const parts = Object.fromEntries(outcomes.map((name) => [name, name === outcome ? 1 : 0]));
  return { value: outcome === 'correct' ? 1 : 0, parts, why: why ?? outcome };
}

/** Gives a reward the name that reports and errors use. */
export function named<R extends (...args: never[]) => unknown>(name: string, reward: R): R {
  return Object.defineProperty(reward, 'name', { value: name, configurable: true });
}
