import type { Message } from '../../data/types.ts';

/** What a judge is asked. */
export interface JudgeCall {
  readonly signal: AbortSignal;
}

/** One demand of a rubric; points below zero are for what must not happen. */
export interface RubricItem {
  readonly criterion: string;
  readonly points: number;
}

export type Preference = 'a' | 'b' | 'tie';

/** A verdict, or why there is none. A failed question is never scored. */
export type Judged<Value> =
  | { readonly status: 'judged'; readonly value: Value }
  | { readonly status: 'unparseable' | 'unreachable' | 'timeout'; readonly why: string };

export interface Comparison {
  readonly preference: Preference;
  /** The two orders gave different answers, which makes it a tie. */
  readonly flipped: boolean;
}

/** Another model that is asked about answers, by fixed and versioned questions. */
export interface Judge {
  readonly id: string;
  /** Of the judge's weights or endpoint, and of its questions. */
  readonly fingerprint: string;
  /** Of the weights alone: a model does not judge its own answers. */
  readonly weights: string;
  /** Does the premise support the claim? */
  entails(premise: string, claim: string, call: JudgeCall): Promise<Judged<boolean>>;
  /** Which items of the rubric does the conversation's last answer meet? */
  grade(
    rubric: readonly RubricItem[],
    conversation: readonly Message[],
    call: JudgeCall,
  ): Promise<Judged<readonly boolean[]>>;
  /** Which answer is better? Asked in both orders. */
  compare(prompt: string, a: string, b: string, call: JudgeCall): Promise<Judged<Comparison>>;
}
