import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack, StepSource, TokenRow } from '../data/types.ts';
import { type CausalLm, loadCausalLm } from '../models/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { scope, type Tensor } from '../tensor/index.ts';
import { assertNoLeak, goldenPath, relativeError } from '../testing/golden.ts';
import { backward, evaluate } from './backward.ts';
import { makeBatch } from './batch.ts';
import { type LoopHooks, type LoopOptions, type StepReport, trainLoop } from './loop.ts';
import { crossEntropy } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import { gradientNorm, Trainable } from './trainable.ts';

const random = new Random(11);
/** Rows of unequal length and weight: a mean over micro-batches is not the mean over targets. */
const rows: TokenRow[] = [4, 17, 6, 2, 9, 11, 3, 25].map((length, line) => ({
  tokens: Int32Array.from({ length }, () => random.int(128)),
  weights: Float32Array.from({ length }, (_, t) => (t === 0 ? 0 : random.pick([0, 1, 1, 0.5]))),
  origin: { file: 'rows', line: line + 1 },
}));
const packs = rows.map((row): Pack => [row]);
/** Step 0 has the first four rows, step 1 the others, and so on in turn. */
const source: StepSource = { stepsPerEpoch: 2, packs: (step) => packs.slice((step % 2) * 4, (step % 2) * 4 + 4) };

/** An optimizer that changes nothing, and remembers what it was given. */
class Witness implements Optimizer {
  steps = 0;
  readonly rates: number[] = [];
  readonly norms: number[] = [];
  readonly first: Tensor[] = [];

  step(gradients: readonly Tensor[], lr: number, scale = 1): void {
    this.rates.push(lr);
    this.norms.push(scale * gradientNorm(gradients));
    if (this.steps++ === 0) this.first.push(...gradients.map((gradient) => gradient.clone().keep()));
  }

  state(): Map<string, Tensor> {
    return new Map();
  }

  [Symbol.dispose](): void {
    for (const gradient of this.first) gradient.dispose();
  }
}

interface Course {
  readonly reports: readonly StepReport[];
  readonly evaluated: readonly { step: number; loss: number; tokens: number }[];
  readonly saved: readonly number[];
  readonly end: { step: number; status: string };
}

async function course(
  model: CausalLm,
  optimizer: Optimizer,
  change: Partial<LoopOptions> = {},
  { from = 0, stopAt }: { from?: number; stopAt?: (questions: number) => boolean } = {},
): Promise<Course> {
  using trainable = new Trainable(model);
  const [reports, evaluated, saved]: [StepReport[], Course['evaluated'][number][], number[]] = [[], [], []];
  let questions = 0;
  const hooks: LoopHooks = {
    onStep: (report) => reports.push(report),
    onEvaluate: (report) => evaluated.push(report),
    saveCheckpoint: async (step) => void saved.push(step),
    stopRequested: () => stopAt?.(questions++) ?? false,
  };
  const options: LoopOptions = {
    model,
    trainable,
    optimizer,
    source,
    objective: crossEntropy,
    validation: [],
    steps: 2,
    microBatch: 4,
    learningRate: (step) => 10 + step,
    clip: false,
    recompute: false,
    seed: 0,
    every: { evaluate: false, checkpoint: false },
    ...change,
  };
  return { end: await trainLoop(from, options, hooks), reports, evaluated, saved };
}

function withTiny(body: (model: CausalLm) => Promise<void>): Promise<void> {
  return assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('tiny/untied'));
    using _ = model;
    await body(model);
  });
}

test('a step is the same in any number of micro-batches: loss, norm, gradients, counts', () =>
  withTiny(async (model) => {
    using whole = new Witness();
    const expected = await course(model, whole);
    for (const microBatch of [1, 2, 3]) {
      using parts = new Witness();
      const { reports } = await course(model, parts, { microBatch });
      for (const [i, report] of reports.entries()) {
        const { loss, gradNorm } = expected.reports[i]!;
        assert.ok(Math.abs(report.loss - loss) <= 2e-6 * loss, `loss ${report.loss}, expected ${loss}`);
        assert.ok(Math.abs(report.gradNorm - gradNorm) <= 2e-6 * gradNorm);
        assert.deepEqual(
          [report.tokens, report.lossTokens],
          [expected.reports[i]!.tokens, expected.reports[i]!.lossTokens],
        );
      }
      for (const [i, gradient] of parts.first.entries()) assert.ok(relativeError(gradient, whole.first[i]!) <= 2e-6);
    }
    const counted = rows.slice(0, 4).flatMap(({ weights }) => [...weights].filter((weight) => weight > 0)).length;
    assert.equal(expected.reports[0]!.tokens, 4 + 17 + 6 + 2);
    assert.equal(expected.reports[0]!.lossTokens, counted);
  }));

const sumOfWeights = (of: readonly TokenRow[]) =>
  of.reduce((sum, { weights }) => sum + weights.reduce((a, b) => a + b), 0);

test('loss and gradients are sums over the targets of the step, divided by its weight', () =>
  withTiny(async (model) => {
    const weight = sumOfWeights(rows.slice(0, 4));
    model.requireGrad(true);
    const sum = scope(
      () => backward(model, makeBatch(packs.slice(0, 4)), crossEntropy, { scale: 1, recompute: false }).sum,
    );
    const sums = scope(() => model.parameters().map((parameter) => parameter.grad!.div(weight)));
    for (const parameter of model.parameters()) parameter.grad = null;
    using optimizer = new Witness();
    const { reports } = await course(model, optimizer, { steps: 1, microBatch: 2 });
    assert.ok(Math.abs(reports[0]!.loss - sum / weight) <= 2e-6 * reports[0]!.loss);
    for (const [i, expected] of sums.entries()) {
      assert.ok(relativeError(optimizer.first[i]!, expected) <= 2e-6);
      expected.dispose();
    }
  }));

test('each step has the rate of its number, counted from 0, and is reported counted from 1', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    const { reports, end } = await course(model, optimizer, { steps: 3 });
    assert.deepEqual(optimizer.rates, [10, 11, 12]);
    assert.deepEqual(
      reports.map(({ step, lr }) => [step, lr]),
      [
        [1, 10],
        [2, 11],
        [3, 12],
      ],
    );
    assert.deepEqual(end, { step: 3, status: 'finished' });
  }));

test('the optimizer gets gradients of at most the clip’s norm; the report has the norm before', () =>
  withTiny(async (model) => {
    using free = new Witness();
    const norm = (await course(model, free)).reports[0]!.gradNorm;
    assert.ok(Math.abs(free.norms[0]! - norm) <= 1e-6 * norm);
    using clipped = new Witness();
    const { reports } = await course(model, clipped, { clip: norm / 3 });
    assert.ok(Math.abs(reports[0]!.gradNorm - norm) <= 1e-6 * norm);
    assert.ok(Math.abs(clipped.norms[0]! - norm / 3) <= 1e-5 * norm);
    using loose = new Witness();
    await course(model, loose, { clip: norm * 3 });
    assert.ok(Math.abs(loose.norms[0]! - norm) <= 1e-6 * norm);
  }));

test('evaluation and checkpoints come when they are due, once each, and at the end', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    const validation = packs.slice(0, 3);
    const { evaluated, saved } = await course(model, optimizer, {
      steps: 5,
      validation,
      every: { evaluate: 2, checkpoint: 3 },
    });
    assert.deepEqual(
      evaluated.map(({ step }) => step),
      [0, 2, 4, 5],
    );
    assert.deepEqual(saved, [3, 5]);
    const last = await course(model, optimizer, { steps: 4, validation, every: { evaluate: 2, checkpoint: 2 } });
    assert.deepEqual(
      last.evaluated.map(({ step }) => step),
      [0, 2, 4],
    );
    assert.deepEqual(last.saved, [2, 4]);
    const onlyLast = await course(model, optimizer, { steps: 2, validation });
    assert.deepEqual([onlyLast.evaluated.map(({ step }) => step), onlyLast.saved], [[2], [2]]);
  }));

test('the held-out loss is a mean over targets, whatever the micro-batch', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    const losses = [];
    for (const microBatch of [1, 3, 8]) {
      const { evaluated } = await course(model, optimizer, { steps: 1, validation: packs, microBatch });
      losses.push(evaluated[0]!.loss);
      assert.equal(
        evaluated[0]!.tokens,
        rows.flatMap(({ weights }) => [...weights].filter((weight) => weight > 0)).length,
      );
    }
    const expected = scope(() => evaluate(model, makeBatch(packs), crossEntropy).sum) / sumOfWeights(rows);
    for (const loss of losses) assert.ok(Math.abs(loss - expected) <= 2e-6 * expected);
  }));

test('a resumed run goes on with the step after, and neither evaluates nor saves what it has', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    const every = { evaluate: 2, checkpoint: 2 } as const;
    const { reports, evaluated, saved } = await course(
      model,
      optimizer,
      { steps: 4, validation: packs, every },
      { from: 2 },
    );
    assert.deepEqual(
      reports.map(({ step }) => step),
      [3, 4],
    );
    assert.deepEqual(optimizer.rates, [12, 13]);
    assert.deepEqual([evaluated.map(({ step }) => step), saved], [[4], [4]]);
  }));

test('a stop in the middle of a step drops that step and saves the one before', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    // Asked before a step and after each of its 4 micro-batches: the 8th question falls into the second step.
    const { reports, saved, end } = await course(
      model,
      optimizer,
      { microBatch: 1, steps: 9 },
      { stopAt: (n) => n >= 7 },
    );
    assert.deepEqual(
      reports.map(({ step }) => step),
      [1],
    );
    assert.deepEqual([saved, end], [[1], { step: 1, status: 'stopped' }]);
    assert.equal(optimizer.steps, 1);
    assert.ok(scope(() => model.parameters().every((parameter) => parameter.grad === null)));
  }));

test('a loss that is not finite ends the run before the optimizer sees it, with its rows', () =>
  withTiny(async (model) => {
    using optimizer = new Witness();
    const broken = {
      ...crossEntropy,
      sum: (quantities: Parameters<typeof crossEntropy.sum>[0]) => crossEntropy.sum(quantities).mul(Number.NaN),
    };
    await assert.rejects(course(model, optimizer, { objective: broken }), (error) => {
      assert.ok(PosttrainError.is(error));
      assert.equal(error.code, 'non-finite');
      assert.deepEqual(error.data?.['rows'], ['rows:1', 'rows:2', 'rows:3', 'rows:4']);
      return true;
    });
    assert.equal(optimizer.steps, 0);
    for (const parameter of model.parameters()) parameter.grad = null;
  }));
