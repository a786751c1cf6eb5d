import type { Pack, TokenRow } from '../data/types.ts';
import type { Tensor } from '../tensor/index.ts';
import { weightOf } from './batch.ts';

/** Rows of one forward pass, in one line of N tokens without padding. */
export interface Batch {
  readonly tokens: Tensor; //              int64 [N]
  readonly lengths: readonly number[]; //  of each row; they sum to N
  /** Index of the hidden state that predicts each target, int64 [M]: the token before it. */
  readonly predictors: Tensor;
  readonly targets: Tensor; //             int64 [M]
  readonly weights: Tensor; //             float32 [M], > 0
  /** Which targets belong to which row, in order. */
  readonly rows: readonly RowTargets[];
}

/** A row of a batch and the M targets that are its own: `count` of them from `start` on. */
export interface RowTargets {
  readonly row: TokenRow;
  readonly start: number;
  readonly count: number;
}

interface AnyObjective {
  readonly name: string;
  /** Whether the model's dropout is on in training: off where log-probabilities are compared with others. */
  readonly dropout: boolean;
  /** What the sum over these packs is divided by to be the loss; known from the data alone. */
  weight(packs: readonly Pack[]): number;
  /** Logits are divided by it before log-probabilities are taken; 1 where left out. */
  readonly temperature?: number;
}

/** A sum over targets that each count by themselves: its gradient is known chunk by chunk, in one pass. */
export interface TargetObjective extends AnyObjective {
  readonly needs: 'each-logp';
  /**
   * Σ over the targets of one chunk, float32 [], in nats.
   * @param quantities.logp log-probability of each target, in nats, float32 [m]: a leaf, up to which the sum is differentiated
   * @param quantities.weights loss weights, float32 [m]
   */
  sum(quantities: TargetQuantities): Tensor;
  /** What a person wants to watch: a value a target, [m], whose mean over the step is recorded. No gradient is kept for it. */
  metrics?(quantities: TargetQuantities): Readonly<Record<string, Tensor>>;
}

interface TargetQuantities {
  readonly logp: Tensor;
  readonly weights: Tensor;
}

/** A sum over rows or pairs, which needs the log-probabilities of all targets of a micro-batch before any gradient is known. */
export interface BatchObjective extends AnyObjective {
  readonly needs: 'all-logps';
  /** It needs the entropy of the whole distribution at each target too. */
  readonly entropy?: boolean;
  /**
   * @param logp log-probability of each target, in nats, float32 [M]: a leaf, up to which the sum is differentiated
   * @param entropy where asked for, in nats, float32 [M]: a leaf too
   */
  loss(logp: Tensor, batch: Batch, entropy?: Tensor): BatchLoss;
  /**
   * The objective of one optimizer step, where something of it is measured over the whole step, before the first gradient.
   * @param logpsOf Σ weight · log-probability of rows under the model as it is, in nats
   */
  forStep?(packs: readonly Pack[], logpsOf: (rows: readonly TokenRow[]) => readonly number[]): Objective;
}

/** A sum over what the head of a reward model, or of a critic, reads: of each row at its end, or before each target. */
export interface ScoreObjective extends AnyObjective {
  readonly needs: 'scores' | 'values';
  /** @param scores of the rows, float32 [R], or values of the targets, [M]: a leaf, up to which the sum is differentiated */
  loss(scores: Tensor, batch: Batch): BatchLoss;
}

export interface BatchLoss {
  /** float32 [] */
  readonly sum: Tensor;
  /** What a person wants to watch: values of targets, rows or pairs, whose mean over the step is recorded. */
  readonly metrics: Metrics;
  /** The same, where the largest value of the step is what matters. */
  readonly peaks?: Metrics;
}

/** A sum over targets that compares whole distributions with others, such as a teacher's, which are found for each micro-batch first. */
export interface TeacherObjective extends AnyObjective {
  readonly needs: 'teacher';
  /** Called before the model's own pass, so that a teacher's activations and the model's never exist together. */
  forBatch(batch: Batch): LogitObjective;
}

/** What a `TeacherObjective` is for one micro-batch. Its gradient is known chunk by chunk, in one pass. */
export interface LogitObjective {
  readonly needs: 'logits';
  loss(chunk: LogitChunk): BatchLoss;
}

/** Some of a micro-batch's targets: `count` of them from `start` on. */
export interface LogitChunk {
  readonly start: number;
  readonly count: number;
  /** Unnormalised log-probabilities, float32 [count, V]: a leaf, up to which the sum is differentiated. */
  readonly logits: Tensor;
  readonly targets: Tensor; // int64 [count]
  readonly weights: Tensor; // float32 [count]
}

export type Metrics = Readonly<Record<string, readonly number[]>>;

/**
 * What is minimised. It returns an unreduced sum; the loop divides by the weight of the whole optimizer step, so that
 * accumulation and packing change nothing.
 */
export type Objective = TargetObjective | BatchObjective | ScoreObjective | TeacherObjective;

/** What a head meets: an objective that has all it needs beside the model's own states. */
export type HeadObjective = Exclude<Objective, TeacherObjective> | LogitObjective;

/** Cross-entropy: −Σ w·log p(target | what came before), in nats, for each unit of weight. */
export const crossEntropy: TargetObjective = {
  name: 'cross-entropy',
  needs: 'each-logp',
  dropout: true,
  weight: weightOf,
  sum: ({ logp, weights }) => logp.mul(weights).sumAll().neg(),
};
