import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pack, TokenRow } from '../data/types.ts';
import type { Decoder } from '../models/decoder.ts';
import { PosttrainError } from '../support/errors.ts';
import { hashSeed } from '../support/random.ts';
import { manualSeed, scope } from '../tensor/index.ts';
import { backward, evaluate } from './backward.ts';
import { countTokens, makeBatch } from './batch.ts';
import { causalLm } from './head.ts';
import type { Objective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import { rowLogps } from './row-logps.ts';
import { StepTotals } from './step-totals.ts';
import { clipFactor, gradientNorm, type Trainable } from './trainable.ts';

export interface LoopOptions {
  readonly model: Decoder;
  readonly trainable: Trainable;
  readonly optimizer: Optimizer;
  readonly source: BatchSource;
  readonly objective: Objective;
  /** Held-out packs; none where nothing is held out. */
  readonly validation: readonly Pack[];
  readonly steps: number;
  /** Packs per forward and backward pass. */
  readonly microBatch: number;
  /** The learning rate of each step, counted from 0. */
  readonly learningRate: (step: number) => number;
  readonly clip: number | false;
  readonly recompute: boolean;
  readonly seed: number;
  readonly every: { readonly evaluate: number | false; readonly checkpoint: number | false };
}

/** Where batches come from: rows of files, or what the model writes itself. */
export interface BatchSource {
  /** The packs of optimizer step `step`, counted from 0; none where a stop was requested while they were made. */
  packs(step: number): readonly Pack[] | Promise<readonly Pack[]>;
  /** What the making of these packs showed: it is recorded with the step. */
  metrics?(step: number): Readonly<Record<string, number>>;
}

/** One optimizer step, as it is recorded. */
export interface StepReport {
  /** Steps done, counted from 1. */
  readonly step: number;
  /** Σ loss / Σ weight over the step, in nats. */
  readonly loss: number;
  /** Means of what the objective watches. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** 2-norm of the gradient before clipping. */
  readonly gradNorm: number;
  readonly lr: number;
  readonly tokens: number;
  readonly lossTokens: number;
}

/** The objective on held-out rows. */
export interface HeldOutReport extends Pick<StepReport, 'step' | 'loss' | 'metrics'> {
  /** Held-out targets. */
  readonly tokens: number;
}

/** What the loop does not know: where reports go, how checkpoints are written, who wants it to stop. */
export interface LoopHooks {
  onStep(report: StepReport): void;
  onEvaluate(report: HeldOutReport): void;
  saveCheckpoint(step: number): Promise<void>;
  stopRequested(): boolean;
}

/**
 * The only training loop. It knows steps, micro-batches, accumulation, clipping, the schedule, evaluation, checkpoints
 * and stopping, and no algorithm. Everything in a step follows from its number, so that a run resumed after step `from`
 * goes on bit for bit.
 */
export async function trainLoop(
  from: number,
  options: LoopOptions,
  hooks: LoopHooks,
): Promise<{ step: number; status: 'finished' | 'stopped' }> {
  const { steps, every } = options;
  let [step, saved, evaluated] = [from, from > 0 ? from : -1, from > 0 ? from : -1];
  const evaluateNow = async () => {
    if (evaluated === step || options.validation.length === 0) return;
    evaluated = step;
    hooks.onEvaluate({ step, ...(await heldOutLoss(options)) });
  };
  const saveNow = async () => {
    if (saved === step) return;
    saved = step;
    await hooks.saveCheckpoint(step);
  };
  if (from === 0 && every.evaluate !== false && !hooks.stopRequested()) await evaluateNow();
  while (step < steps) {
    if (hooks.stopRequested()) {
      await saveNow();
      return { step, status: 'stopped' };
    }
    const packs = await packsOf(step, options, saveNow);
    if (hooks.stopRequested()) continue;
    const report = await trainStep(step, packs, options, hooks);
    if (!report) continue;
    step = report.step;
    hooks.onStep(report);
    if (every.evaluate !== false && step % every.evaluate === 0) await evaluateNow();
    if (every.checkpoint !== false && step % every.checkpoint === 0) await saveNow();
  }
  await evaluateNow();
  await saveNow();
  return { step, status: 'finished' };
}

/** What is trained on next. Where it cannot be made, the steps that are done are kept. */
async function packsOf(step: number, { source }: LoopOptions, save: () => Promise<void>): Promise<readonly Pack[]> {
  try {
    return await source.packs(step);
  } catch (thrown) {
    await save();
    throw thrown;
  }
}

/** Forward, backward, clip, update. Undefined when a stop was requested in mid-step: nothing has changed then. */
async function trainStep(
  step: number,
  packs: readonly Pack[],
  options: LoopOptions,
  hooks: LoopHooks,
): Promise<StepReport | undefined> {
  const { model, trainable, optimizer } = options;
  const objective = objectiveOf(packs, options);
  const totals = new StepTotals(objective.weight(packs));
  for (let start = 0; start < packs.length; start += options.microBatch) {
    const micro = packs.slice(start, start + options.microBatch);
    // Dropout of a micro-batch follows from its place, not from what ran before it.
    manualSeed(hashSeed(options.seed, 'dropout', step, start));
    totals.add(
      scope(() =>
        backward(model, makeBatch(micro), objective, { scale: 1 / totals.weight, recompute: options.recompute }),
      ),
    );
    if (packs.length > options.microBatch) trainable.collect();
    await nextTurn();
    if (hooks.stopRequested()) {
      trainable.zeroGradients();
      return undefined;
    }
  }
  const { loss } = totals;
  const lr = options.learningRate(step);
  const gradNorm = scope(() => {
    const gradients = trainable.gradients();
    const norm = gradientNorm(gradients);
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw nonFinite(step + 1, loss, norm, packs);
    optimizer.step(gradients, lr, clipFactor(norm, options.clip));
    return norm;
  }, 'update');
  trainable.zeroGradients();
  const { loss: _, metrics: found } = totals.means();
  const metrics = { ...options.source.metrics?.(step), ...found };
  const watched = Object.keys(metrics).length > 0 ? { metrics } : {};
  return { step: step + 1, loss, ...watched, gradNorm, lr, ...countTokens(packs) };
}

/** The objective for these packs: what it takes from all of them together is measured here. */
function objectiveOf(packs: readonly Pack[], { objective, model, microBatch }: LoopOptions): Objective {
  if (objective.needs !== 'all-logps' || !objective.forStep) return objective;
  return objective.forStep(packs, (rows: readonly TokenRow[]) => rowLogps(causalLm(model), rows, microBatch));
}

async function heldOutLoss(options: LoopOptions): Promise<Omit<HeldOutReport, 'step'>> {
  const { model, validation, microBatch } = options;
  const objective = objectiveOf(validation, options);
  const totals = new StepTotals(objective.weight(validation));
  for (let start = 0; start < validation.length; start += microBatch) {
    totals.add(scope(() => evaluate(model, makeBatch(validation.slice(start, start + microBatch)), objective)));
    await nextTurn();
  }
  return { ...totals.means(), tokens: countTokens(validation).lossTokens };
}

function nonFinite(step: number, loss: number, norm: number, packs: readonly Pack[]): PosttrainError {
  const rows = packs.flat().map(({ origin }) => `${origin.file}:${origin.line}`);
  const shown = rows.slice(0, 16).join(', ') + (rows.length > 16 ? `, … ${rows.length - 16} more` : '');
  return new PosttrainError(
    'non-finite',
    `step ${step}: the loss is ${loss}, the gradient norm ${norm}; nothing was updated.\n  rows of this step: ${shown}`,
    {
      help: 'lower lr, or lengthen schedule.warmup; precision: fp32 tells a rounding problem from a data problem. The last checkpoint is intact.',
      data: { step, loss: String(loss), gradNorm: String(norm), rows },
    },
  );
}
