import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Recipe, train } from '../index.ts';
import { readMetrics } from '../runs/index.ts';
import { scope, tensor } from '../tensor/index.ts';
import { assertClose, goldenJson, goldenPath, gradientTolerance, valueTolerance } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { writeTruncated } from '../testing/truncated-model.ts';
import { type DivergenceOptions, divergences, softened } from './losses/distillation.ts';

/** TRL's GKDTrainer on given sequences (lambda 0), through the public `train()`, and its loss by itself: architecture §10's rules. */

interface Fixture {
  readonly studentLayers: number;
  readonly spec: {
    readonly lr: number;
    readonly warmup: number;
    readonly schedule: 'cosine';
    readonly weightDecay: number;
    readonly clip: number;
    readonly maxTokens: number;
    readonly steps: number;
    readonly batch: number;
  };
  readonly tolerance: { readonly loss: number; readonly firstNorm: number; readonly norm: number };
  readonly runs: readonly {
    readonly beta: number;
    readonly accumulate: number;
    readonly losses: readonly number[];
    readonly gradNorms: readonly number[];
    readonly targets: readonly number[];
    readonly counterCurves: Readonly<Record<string, { readonly losses: readonly number[] }>>;
  }[];
  readonly terms: {
    readonly student: readonly (readonly number[])[];
    readonly teacher: readonly (readonly number[])[];
    readonly cases: readonly {
      readonly beta: number;
      readonly temperature: number;
      readonly values: readonly number[];
      readonly gradient: readonly (readonly number[])[];
    }[];
  };
}

interface Sequences {
  readonly rows: readonly { readonly ids: readonly number[] }[];
  readonly trained: { readonly assistant: readonly (readonly (readonly [number, number])[])[] };
}

/** TRL names the two ends of its scale by beta. */
function divergenceOf(beta: number): DivergenceOptions {
  if (beta === 0) return { loss: 'forward-kl', beta: 0.5 };
  return beta === 1 ? { loss: 'reverse-kl', beta: 0.5 } : { loss: 'jsd', beta };
}

function worst(ours: readonly number[], theirs: readonly number[]): number {
  assert.equal(ours.length, theirs.length);
  return Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!) / Math.abs(theirs[i]!)));
}

const fixture = goldenJson<Fixture>('distill/gkd.json');
const { spec, tolerance, terms } = fixture;

function writeSequences(file: string): string {
  const { rows, trained } = goldenJson<Sequences>('sft/babyllama-361-chat.unpacked.json');
  const lines = rows.slice(0, spec.steps * spec.batch).map(({ ids }, i) => {
    const learned = (at: number) => trained.assistant[i]!.some(([start, end]) => at >= start && at < end);
    return JSON.stringify({ input_ids: ids, labels: ids.map((id, at) => (learned(at) ? id : -100)) });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

for (const run of fixture.runs)
  test(`GKD at beta ${run.beta}, ${run.accumulate} micro-batches: TRL's losses and gradient norms`, async (t) => {
    const folder = temporaryFolder(t);
    const teacher = goldenPath('models/babyllama-361-chat');
    const recipe: Recipe = {
      method: 'distill',
      model: writeTruncated(join(folder, 'student'), teacher, fixture.studentLayers),
      distill: { teacher, ...divergenceOf(run.beta), precision: 'fp32' },
      data: { train: writeSequences(join(folder, 'rows.jsonl')), maxTokens: spec.maxTokens, shuffle: false },
      batch: spec.batch,
      microBatch: spec.batch / run.accumulate,
      steps: spec.steps,
      lr: spec.lr,
      schedule: { kind: spec.schedule, warmup: spec.warmup },
      optimizer: { kind: 'adamw', weightDecay: spec.weightDecay },
      clip: spec.clip,
      precision: 'fp32',
      threads: 1,
      forgetting: false,
      every: { checkpoint: false },
    };
    await train(recipe, { dir: join(folder, 'run'), inProcess: true }).result;
    const { steps } = readMetrics(join(folder, 'run'));
    const losses = steps.map(({ loss }) => loss);
    const norms = steps.map(({ gradNorm }) => gradNorm);
    assert.deepEqual(
      steps.map(({ lossTokens }) => lossTokens),
      run.targets,
    );
    assert.ok(worst(losses, run.losses) <= tolerance.loss, `losses are off by ${worst(losses, run.losses)}`);
    const first = Math.abs(norms[0]! / run.gradNorms[0]! - 1);
    assert.ok(first <= tolerance.firstNorm, `the first norm is off by ${first}`);
    assert.ok(worst(norms, run.gradNorms) <= tolerance.norm, `norms are off by ${worst(norms, run.gradNorms)}`);
    for (const [name, counter] of Object.entries(run.counterCurves))
      assert.ok(worst(losses, counter.losses) > 5 * tolerance.loss, `the curve with ${name} would pass too`);
  });

for (const { beta, temperature, values, gradient } of terms.cases)
  test(`generalized_jsd_loss at beta ${beta}, temperature ${temperature}: its terms and gradient, without T²`, () =>
    scope(() => {
      const shape = [terms.student.length, terms.student[0]!.length];
      const matrix = (rows: readonly (readonly number[])[]) => tensor(rows.flat()).view(shape).detach();
      const logits = matrix(terms.student);
      logits.requiresGrad = true;
      const [p, q] = [softened(matrix(terms.teacher), temperature), softened(logits, temperature)];
      const ours = divergences(p, q, divergenceOf(beta));
      ours.sumAll().backward();
      assertClose(ours.detach(), tensor([...values]), valueTolerance, 'terms');
      assertClose(logits.grad!, matrix(gradient), gradientTolerance, 'gradient');
    }));
