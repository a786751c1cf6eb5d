import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pack, TokenRow } from '../data/types.ts';
import type { Decoder } from '../models/decoder.ts';
import { hashSeed } from '../support/random.ts';
import { manualSeed, scope } from '../tensor/index.ts';
import { backward } from './backward.ts';
import { makeBatch } from './batch.ts';
import { causalLm } from './head.ts';
import type { Objective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import { rowLogps } from './row-logps.ts';
import { StepTotals } from './step-totals.ts';
import { clipFactor, gradientNorm, type Trainable } from './trainable.ts';

/** A model, and how it learns from the packs of a step. */
export interface Learner {
  readonly model: Decoder;
  readonly trainable: Trainable;
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  /** The learning rate of each step, counted from 0. */
  readonly learningRate: (step: number) => number;
}

/** Another model that learns from the same packs, such as a critic: its loss and gradient norm are metrics under its name. */
export interface Companion extends Learner {
  readonly name: string;
}

export interface AccumulateOptions {
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly seed: number;
  readonly stopRequested: () => boolean;
}

/** Adds the gradients of all micro-batches of a step. Undefined when a stop was requested before the last. */
export async function accumulate(
  step: number,
  packs: readonly Pack[],
  { model, trainable, objective: given }: Learner,
  { microBatch, recompute, seed, stopRequested }: AccumulateOptions,
): Promise<StepTotals | undefined> {
  const objective = objectiveFor(packs, given, model, microBatch);
  const totals = new StepTotals(objective.weight(packs));
  for (let start = 0; start < packs.length; start += microBatch) {
    const micro = packs.slice(start, start + microBatch);
    // Dropout of a micro-batch follows from its place, not from what ran before it.
    manualSeed(hashSeed(seed, 'dropout', step, start));
    totals.add(scope(() => backward(model, makeBatch(micro), objective, { scale: 1 / totals.weight, recompute })));
    if (packs.length > microBatch) trainable.collect();
    await nextTurn();
    if (stopRequested()) return undefined;
  }
  return totals;
}

/** The 2-norm of what was accumulated. */
export function normOf({ trainable }: Learner): number {
  return scope(() => gradientNorm(trainable.gradients()));
}

/** Takes one optimizer step with what was accumulated, whose norm is known, and forgets it. @returns the learning rate */
export function update(
  step: number,
  { trainable, optimizer, learningRate }: Learner,
  norm: number,
  clip: number | false,
): number {
  const lr = learningRate(step);
  scope(() => optimizer.step(trainable.gradients(), lr, clipFactor(norm, clip)), 'update');
  trainable.zeroGradients();
  return lr;
}

/** The objective for these packs: what it takes from all of them together is measured here. */
export function objectiveFor(
  packs: readonly Pack[],
  objective: Objective,
  model: Decoder,
  microBatch: number,
): Objective {
  if (objective.needs !== 'all-logps' || !objective.forStep) return objective;
  return objective.forStep(packs, (rows: readonly TokenRow[]) => rowLogps(causalLm(model), rows, microBatch));
}
