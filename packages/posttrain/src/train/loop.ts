import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pack } from '../data/types.ts';
import { PosttrainError } from '../support/errors.ts';
import { scope } from '../tensor/index.ts';
import { evaluate } from './backward.ts';
import { countTokens, makeBatch } from './batch.ts';
import { accumulate, type Companion, type Learner, normOf, objectiveFor, update } from './learner.ts';
import { StepTotals } from './step-totals.ts';

export interface LoopOptions extends Learner {
  readonly companions?: readonly Companion[];
  readonly source: BatchSource;
  /** Held-out packs; none where nothing is held out. */
  readonly validation: readonly Pack[];
  readonly steps: number;
  /** Packs per forward and backward pass. */
  readonly microBatch: number;
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
  const { companions = [], clip, source } = options;
  const learners: readonly Learner[] = [options, ...companions];
  const totals: StepTotals[] = [];
  for (const learner of learners) {
    const found = await accumulate(step, packs, learner, { ...options, stopRequested: hooks.stopRequested });
    if (!found) {
      for (const { trainable } of learners) trainable.zeroGradients();
      return undefined;
    }
    totals.push(found);
  }
  // All are looked at before any is changed.
  const norms = learners.map(normOf);
  for (const [i, { loss }] of totals.entries())
    if (!Number.isFinite(loss) || !Number.isFinite(norms[i])) throw nonFinite(step + 1, loss, norms[i]!, packs);
  const [lr] = learners.map((learner, i) => update(step, learner, norms[i]!, clip));
  const metrics = {
    ...source.metrics?.(step),
    ...Object.assign({}, ...totals.map((found) => found.means().metrics)),
    ...Object.fromEntries(
      companions.flatMap(({ name }, i) => [
        [`${name}Loss`, totals[i + 1]!.loss],
        [`${name}GradNorm`, norms[i + 1]!],
      ]),
    ),
  };
  const watched = Object.keys(metrics).length > 0 ? { metrics } : {};
  return { step: step + 1, loss: totals[0]!.loss, ...watched, gradNorm: norms[0]!, lr: lr!, ...countTokens(packs) };
}

async function heldOutLoss(options: LoopOptions): Promise<Omit<HeldOutReport, 'step'>> {
  const { model, validation, microBatch } = options;
  const objective = objectiveFor(validation, options.objective, model, microBatch);
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
