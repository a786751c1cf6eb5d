import type { ValuedTokens } from '../../data/types.ts';

/** An answer as its advantages are reckoned. Lists have one value for each of its tokens, log-probabilities in nats. */
export interface GradedAnswer {
  /** The number of its group: answers to one prompt. */
  readonly group: number;
  readonly tokens: number;
  /** Null where no reward applies. */
  readonly reward: number | null;
  /** Whether it is learnt from; if not, others are still compared with it. */
  readonly learnt: boolean;
  /** Log-probabilities under the model that drew it and under the model before the run, where the rule compares them. */
  readonly old: Float32Array | null;
  readonly reference: Float32Array | null;
  /** What the critic expects before each token, where the rule asks one. */
  readonly values: Float32Array | null;
}

export interface CreditedAnswer {
  /** [T] of the answer */
  readonly advantages: Float32Array;
  readonly valued: ValuedTokens | null;
}

/** How rewards of answers become advantages of their tokens. */
export interface CreditRule {
  /** It needs `old` and `reference`. */
  readonly comparesWithReference: boolean;
  /** It needs `values`. */
  readonly asksCritic: boolean;
  /** @returns the answers in order, and what a person wants to watch of them */
  credit(answers: readonly GradedAnswer[]): {
    readonly answers: readonly CreditedAnswer[];
    readonly metrics: Readonly<Record<string, number>>;
  };
}
