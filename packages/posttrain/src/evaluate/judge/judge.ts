import type { Message } from '../../data/types.ts';
import type { RubricItem } from '../../scoring/index.ts';

export type { RubricItem } from '../../scoring/index.ts';

export interface JudgeCall {
  readonly signal: AbortSignal;
}

export interface CompareCall extends JudgeCall {
  /** The one standard that decides which answer is better; without it, which serves the person who asked better. */
  readonly standard?: string | undefined;
}

export type PairPreference = 'a' | 'b' | 'tie';

/** Why there is no verdict: the judge said something else, was not there, or took too long. */
export type JudgeFailure = 'unparseable' | 'unreachable' | 'timeout';

/** A verdict, or why there is none. A failed question is never scored. */
export type Judged<Value> =
  | { readonly status: 'judged'; readonly value: Value }
  | { readonly status: JudgeFailure; readonly why: string };

export interface PairVerdict {
  /** What the judge says in both orders; a tie where they disagree. */
  readonly preference: PairPreference;
  /** With the answer of `a` shown first. */
  readonly aFirst: PairPreference;
  /** With the answer of `b` shown first. */
  readonly bFirst: PairPreference;
}

/** Another model that is asked about answers, by fixed and versioned questions. */
export interface Judge {
  readonly id: string;
  /** Of everything that decides its verdicts: weights or endpoint, and the version of the questions. */
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
  compare(prompt: string, a: string, b: string, call: CompareCall): Promise<Judged<PairVerdict>>;
}
