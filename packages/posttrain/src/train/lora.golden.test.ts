import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack, StepSource } from '../data/types.ts';
import { loadCausalLm } from '../models/index.ts';
import { assertNoLeak, goldenJson, goldenPath } from '../testing/golden.ts';
import { type StepReport, trainLoop } from './loop.ts';
import { makeTrainable } from './make-trainable.ts';
import { crossEntropy } from './objective.ts';
import { AdamW } from './optimizers/index.ts';
import { scheduleFactor } from './schedule.ts';
import { prepareAdapters } from './train-adapters.ts';

/** The first 20 steps of TRL's SFTTrainer with a peft_config, from the adapter it began with: architecture §10's rule for trajectories. */

interface Curve {
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
}

interface Trajectory extends Curve {
  readonly spec: {
    readonly accumulate: number;
    readonly lr: number;
    readonly warmup: number;
    readonly schedule: 'cosine';
    readonly weightDecay: number;
    readonly clip: number;
    readonly steps: number;
    readonly batch: number;
  };
  readonly lora: { readonly rank: number; readonly alpha: number; readonly targets: 'all-linear' };
  readonly tolerance: { readonly loss: number; readonly firstNorm: number; readonly norm: number };
  readonly rows: readonly {
    readonly ids: readonly number[];
    readonly documents: readonly number[];
    readonly trained: readonly (readonly [number, number])[];
  }[];
  readonly targets: readonly number[];
  readonly counterCurves: Readonly<Record<string, Curve>>;
}

/** A row of the peer's as documents that do not see each other. */
function packOf({ ids, documents, trained }: Trajectory['rows'][number], line: number): Pack {
  let end = 0;
  return documents.map((length) => {
    const start = end;
    end += length;
    // The first token of a document is no target.
    const isTarget = (i: number) => i > start && trained.some(([from, to]) => i >= from && i < to);
    return {
      tokens: Int32Array.from(ids.slice(start, end)),
      weights: Float32Array.from({ length }, (_, i) => (isTarget(start + i) ? 1 : 0)),
      origin: { file: 'fixture', line },
    };
  });
}

async function trained({ spec, lora, rows }: Trajectory, recompute: boolean): Promise<StepReport[]> {
  using model = loadCausalLm(goldenPath('models/babyllama-361-chat')).model;
  prepareAdapters(model, { ...lora, dropout: 0, rankStabilized: false }, 0, goldenPath('lora/start'));
  using trainable = makeTrainable(model, 'fp32');
  using optimizer = new AdamW(trainable, { betas: [0.9, 0.999], eps: 1e-8, weightDecay: spec.weightDecay });
  const packs = rows.map(packOf);
  const source: StepSource = {
    stepsPerEpoch: spec.steps,
    packs: (step) => packs.slice(step * spec.batch, (step + 1) * spec.batch),
  };
  const schedule = { kind: spec.schedule, warmup: spec.warmup, floor: 0, hold: 0 };
  const reports: StepReport[] = [];
  await trainLoop(
    0,
    {
      model,
      trainable,
      optimizer,
      source,
      objective: crossEntropy,
      validation: [],
      steps: spec.steps,
      microBatch: spec.batch / spec.accumulate,
      learningRate: (step) => spec.lr * scheduleFactor(step, spec.steps, schedule),
      clip: spec.clip,
      recompute,
      seed: 0,
      every: { evaluate: false, checkpoint: false },
    },
    {
      onStep: (report) => reports.push(report),
      onEvaluate: () => {},
      saveCheckpoint: async () => {},
      stopRequested: () => false,
    },
  );
  return reports;
}

function worst(ours: readonly number[], theirs: readonly number[]): number {
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!) / Math.abs(theirs[i]!)));
}

for (const layout of ['packed', 'unpacked'])
  for (const recompute of [false, true])
    test(`LoRA, ${layout}${recompute ? ', blocks recomputed' : ''}: TRL and PEFT's losses and gradient norms`, () =>
      assertNoLeak(async () => {
        const fixture = goldenJson<Trajectory>(`lora/sft.${layout}.json`);
        const { tolerance } = fixture;
        const steps = await trained(fixture, recompute);
        assert.deepEqual(
          steps.map(({ lossTokens }) => lossTokens),
          fixture.targets,
        );
        const [losses, norms] = [steps.map(({ loss }) => loss), steps.map(({ gradNorm }) => gradNorm)];
        assert.ok(
          worst(losses, fixture.losses) <= tolerance.loss,
          `losses are off by ${worst(losses, fixture.losses)}`,
        );
        const first = worst(norms.slice(0, 1), fixture.gradNorms);
        assert.ok(first <= tolerance.firstNorm, `the first norm is off by ${first}`);
        assert.ok(
          worst(norms, fixture.gradNorms) <= tolerance.norm,
          `norms are off by ${worst(norms, fixture.gradNorms)}`,
        );
        for (const [name, counter] of Object.entries(fixture.counterCurves))
          assert.ok(worst(losses, counter.losses) > 5 * tolerance.loss, `the curve with ${name} would pass too`);
      }));
