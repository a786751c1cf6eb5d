import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Renderer, Tokenizer } from '../data/index.ts';
import type { Message } from '../data/types.ts';
import { lastIndices, loadRewardModel } from '../models/index.ts';
import { PackedAttention } from '../nn/index.ts';
import { scope, tensor, toArray } from '../tensor/index.ts';
import { assertNoLeak, goldenJson, goldenPath } from '../testing/golden.ts';
import { rewardLosses } from './losses/reward-model.ts';
import { makeTrainable } from './make-trainable.ts';
import { makeOptimizer } from './optimizers/index.ts';
import { scheduleFactor } from './schedule.ts';
import { clipFactor, gradientNorm } from './trainable.ts';

/** 20 steps of TRL's RewardTrainer: what a reward model, its scores and its loss make of pairs, without the loop around them. */

interface Fixture {
  readonly spec: {
    readonly centring: number;
    readonly lr: number;
    readonly warmup: number;
    readonly weightDecay: number;
    readonly clip: number;
    readonly steps: number;
    readonly batch: number;
  };
  readonly tolerance: { readonly loss: number; readonly firstNorm: number; readonly norm: number };
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  readonly metrics: { readonly accuracy: readonly number[]; readonly margin: readonly number[] };
  readonly counterCurves: Readonly<Record<string, { readonly losses: readonly number[] }>>;
}

interface Pair {
  readonly prompt: readonly Message[];
  readonly chosen: readonly Message[];
  readonly rejected: readonly Message[];
  readonly margin: number;
}

interface TokenPair {
  readonly rows: readonly [chosen: number[], rejected: number[]];
  readonly margin: number;
}

async function renderedPairs(folder: string): Promise<TokenPair[]> {
  const file = goldenPath('preference/template.jinja');
  const renderer = new Renderer(await Tokenizer.load(folder), {
    chatTemplate: { source: readFileSync(file, 'utf8'), file },
  });
  const tokens = async (messages: readonly Message[]) => {
    const { rows } = await renderer.render({ kind: 'conversation', messages, origin: { file: 'rows.jsonl', line: 1 } });
    return [...rows[0]!.tokens];
  };
  const lines = readFileSync(goldenPath('preference/rows.jsonl'), 'utf8').trim().split('\n');
  return Promise.all(
    lines.map(async (line) => {
      const { prompt, chosen, rejected, margin } = JSON.parse(line) as Pair;
      return { rows: [await tokens([...prompt, ...chosen]), await tokens([...prompt, ...rejected])], margin };
    }),
  );
}

const worst = (ours: readonly number[], theirs: readonly number[]) =>
  Math.max(...theirs.map((value, i) => Math.abs(ours[i]! - value) / Math.abs(value)));

test('a reward model from a zero head: TRL’s losses, gradient norms, margins and accuracies', () =>
  assertNoLeak(async () => {
    const { spec, tolerance, ...theirs } = goldenJson<Fixture>('preference/reward.json');
    const { model, folder, pad } = loadRewardModel(goldenPath('models/tiny-bpe'), { freshHead: 'zero' });
    using _ = model;
    const pairs = await renderedPairs(folder);
    using trainable = makeTrainable(model, 'fp32');
    using optimizer = makeOptimizer(trainable, {
      kind: 'adamw',
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: spec.weightDecay,
    });
    const steps = Array.from({ length: spec.steps }, (_, step) => {
      const batch = Array.from({ length: spec.batch }, (_, i) => pairs[(step * spec.batch + i) % pairs.length]!);
      const rows = [0, 1].flatMap((side) => batch.map((pair) => pair.rows[side]!));
      const { loss, margin, accuracy } = scope(() => {
        using attention = new PackedAttention(rows.map(({ length }) => length));
        const hidden = model.call(tensor(rows.flat(), { dtype: 'int64' }), attention);
        const scores = model.scores(hidden, lastIndices(rows, pad));
        const [chosen, rejected] = [scores.narrow(0, 0, spec.batch), scores.narrow(0, spec.batch, spec.batch)];
        const margins = tensor(batch.map((pair) => pair.margin));
        const losses = rewardLosses(chosen, rejected, margins, { centring: spec.centring });
        const mean = losses.sumAll().div(spec.batch);
        mean.backward();
        const apart = toArray(chosen.sub(rejected).detach());
        return {
          loss: mean.item(),
          margin: apart.reduce((sum, value) => sum + value, 0) / apart.length,
          accuracy: apart.filter((value) => value > 0).length / apart.length,
        };
      });
      const norm = scope(() => {
        const gradients = trainable.gradients();
        const size = gradientNorm(gradients);
        const schedule = { kind: 'cosine', warmup: spec.warmup, floor: 0, hold: 0 } as const;
        optimizer.step(gradients, spec.lr * scheduleFactor(step, spec.steps, schedule), clipFactor(size, spec.clip));
        return size;
      });
      trainable.zeroGradients();
      return { loss, margin, accuracy, norm };
    });
    const losses = steps.map(({ loss }) => loss);
    const norms = steps.map(({ norm }) => norm);
    assert.ok(worst(losses, theirs.losses) <= tolerance.loss, `losses are off by ${worst(losses, theirs.losses)}`);
    assert.ok(worst(norms.slice(0, 1), theirs.gradNorms.slice(0, 1)) <= tolerance.firstNorm, `first norm ${norms[0]}`);
    assert.ok(worst(norms, theirs.gradNorms) <= tolerance.norm, `norms are off by ${worst(norms, theirs.gradNorms)}`);
    for (const [i, { margin, accuracy }] of steps.entries()) {
      assert.ok(Math.abs(margin - theirs.metrics.margin[i]!) <= 1e-4 * Math.max(1, Math.abs(margin)), `margin ${i}`);
      assert.equal(accuracy, theirs.metrics.accuracy[i], `accuracy ${i}`);
    }
    for (const [change, counter] of Object.entries(theirs.counterCurves))
      assert.ok(worst(losses, counter.losses) > 5 * tolerance.loss, `the curve with ${change} would pass too`);
  }));
