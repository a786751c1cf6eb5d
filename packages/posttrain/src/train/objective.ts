import type { Tensor } from '../tensor/index.ts';

/** Rows of one forward pass, in one line of N tokens without padding. */
export interface Batch {
  readonly tokens: Tensor; //              int64 [N]
  readonly lengths: readonly number[]; //  of each row; they sum to N
  /** Index of the hidden state that predicts each target, int64 [M]: the token before it. */
  readonly predictors: Tensor;
  readonly targets: Tensor; //             int64 [M]
  readonly weights: Tensor; //             float32 [M], > 0
  /** Σ weights, known from the data alone. */
  readonly weight: number;
}

/** Per-target quantities, as leaves: what the objective computes from them is differentiated up to here, and no further. */
export interface TargetQuantities {
  readonly logp: Tensor; //    float32 [m], log-probability of each target, in nats
  readonly weights: Tensor; // float32 [m]
}

/**
 * What is minimised. It returns an unreduced sum over the targets it is given; the loop divides by the weight of the
 * whole optimizer step, so that accumulation and packing change nothing.
 */
export interface Objective {
  readonly name: string;
  /** Σ over the given targets, float32 [], in nats. Called once per chunk of targets. */
  sum(quantities: TargetQuantities): Tensor;
}

/** Cross-entropy: −Σ w·log p(target | what came before), in nats. */
export const crossEntropy: Objective = {
  name: 'cross-entropy',
  sum: ({ logp, weights }) => logp.mul(weights).sumAll().neg(),
};
