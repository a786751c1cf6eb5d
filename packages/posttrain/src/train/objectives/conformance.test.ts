import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Judged, Pack, StepSource, TokenRow } from '../../data/types.ts';
import { type CausalLm, type Decoder, loadCausalLm, loadRewardModel } from '../../models/index.ts';
import { Random } from '../../support/random.ts';
import { scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { assertNoLeak, goldenPath, relativeError } from '../../testing/golden.ts';
import { backward, evaluate } from '../backward.ts';
import { makeBatch } from '../batch.ts';
import { causalLm } from '../head.ts';
import { trainLoop } from '../loop.ts';
import { dpoObjective } from '../methods/dpo.ts';
import { orpoObjective } from '../methods/orpo.ts';
import { rewardObjective } from '../methods/reward-model.ts';
import { simpoObjective } from '../methods/simpo.ts';
import { type Batch, crossEntropy, type Objective } from '../objective.ts';
import { rowLogps } from '../row-logps.ts';
import type { Teacher } from '../teacher.ts';
import { gradientNorm, Trainable } from '../trainable.ts';
import { distillationObjective } from './distillation-objective.ts';
import { ktoObjective } from './kto-objective.ts';
import type { Reference } from './pair-logps.ts';
import { type PolicyObjectiveOptions, policyObjective } from './policy-objective.ts';
import { valueObjective } from './value-objective.ts';

/** One suite over every objective (style: padding and order change nothing, gradients are slopes, known values, no leaks). */

const random = new Random(5);

function rowOf(prompt: number, answer: number, judged?: Judged): TokenRow {
  return {
    tokens: Int32Array.from({ length: prompt + answer }, () => random.int(128)),
    weights: Float32Array.from({ length: prompt + answer }, (_, t) => (t < prompt ? 0 : 1)),
    origin: { file: 'rows', line: 1 },
    ...(judged ? { judged } : {}),
  };
}

const pairs = [
  [3, 4, 9],
  [7, 1, 2],
  [2, 12, 5],
  [5, 6, 6],
].map(([prompt, chosen, rejected]): Pack => {
  return [
    rowOf(prompt!, chosen!, { kind: 'chosen', margin: chosen! / 10 }),
    rowOf(prompt!, rejected!, { kind: 'rejected' }),
  ];
});
const answers = [true, false, true, true].map((desirable, i): Pack => {
  return [rowOf(3 + i, 5 - i, { kind: 'alone', desirable, mismatched: rowOf(3 + i, 4) })];
});
/** Answers that another state of the model drew, of unequal length, with and without what is to be gained. */
const drawn = [
  [3, 5, 1.3],
  [6, 2, -0.8],
  [2, 11, 0.4],
  [4, 1, -1.1],
].map(([prompt, answer, advantage]): Pack => {
  const list = (mean: number) => Float32Array.from({ length: answer! }, () => mean + 0.6 * random.float());
  const rollout = {
    advantages: new Float32Array(answer!).fill(advantage!),
    ...{ sampled: list(-5), old: list(-5.1), reference: list(-5.2) },
    valued: { values: list(0.2), returns: list(0.4) },
  };
  return [{ ...rowOf(prompt!, answer!), rollout }];
});
const plain = [4, 17, 6, 2].map((length): Pack => [rowOf(1, length)]);

/** Log-probabilities that another model might have given: not those of the model under test. */
const invented = new Map<TokenRow, number>();
const reference: Reference = (row) => {
  const known =
    invented.get(row) ?? -4.85 * row.weights.reduce((sum, weight) => sum + weight, 0) + random.float() - 0.5;
  invented.set(row, known);
  return known;
};

/** Distributions that another model might have at the targets of a row, whatever batch it stands in. */
const teacher: Teacher = ({ rows }) => {
  const logits = rows.flatMap(({ row, count }) => {
    const drawn = new Random(row.tokens.reduce((sum, token) => 31 * sum + token, 0) >>> 0);
    return Array.from({ length: count * 128 }, () => 4 * drawn.float());
  });
  const all = tensor(logits).view([-1, 128]);
  return (start, count) => all.narrow(0, start, count);
};

interface Case {
  readonly objective: (reference: Reference) => Objective;
  readonly packs: readonly Pack[];
  /** The model is one that scores. */
  readonly scores?: boolean;
  /** The loss where the model is its own reference; undefined where that is no constant. */
  readonly atReference?: number;
  /** Its gradient is weighted by what no gradient goes through, and so is not the slope of its value. */
  readonly weighted?: boolean;
  /** It has no bound where a token is next to impossible, as its paper has it: π_ref/π. */
  readonly unbounded?: boolean;
}

const sigmoid = { loss: 'sigmoid', beta: 0.3, labelSmoothing: 0, lengthNormalised: false, sft: 0 } as const;
const forward = { loss: 'forward-kl', beta: 0.5, temperature: 1, crossEntropy: 0 } as const;
const policy: PolicyObjectiveOptions = {
  ...{ ratio: 'token', surrogate: 'clip', clipLow: 0.2, clipHigh: 0.28, temperature: 0.8 },
  ...{ mean: 'sequence', longest: 16, divergence: null, correction: 'none', correctionCap: 2, entropy: 0 },
};
const cases: Readonly<Record<string, Case>> = {
  'cross-entropy': { objective: () => crossEntropy, packs: plain },
  'dpo sigmoid': { objective: (r) => dpoObjective(sigmoid, r), packs: pairs, atReference: Math.LN2 },
  'dpo smoothed': {
    objective: (r) => dpoObjective({ ...sigmoid, labelSmoothing: 0.2 }, r),
    packs: pairs,
    atReference: Math.LN2,
  },
  'dpo robust': {
    objective: (r) => dpoObjective({ ...sigmoid, loss: 'robust', labelSmoothing: 0.2 }, r),
    packs: pairs,
    atReference: Math.LN2,
  },
  // (0 − 1/(2·0.3))²
  'dpo ipo': { objective: (r) => dpoObjective({ ...sigmoid, loss: 'ipo' }, r), packs: pairs, atReference: 25 / 9 },
  'dpo hinge': { objective: (r) => dpoObjective({ ...sigmoid, loss: 'hinge' }, r), packs: pairs, atReference: 1 },
  'dpo per token': {
    objective: (r) => dpoObjective({ ...sigmoid, lengthNormalised: true }, r),
    packs: pairs,
    atReference: Math.LN2,
  },
  'dpo with sft': { objective: (r) => dpoObjective({ ...sigmoid, sft: 0.7 }, r), packs: pairs },
  'dpo without reference': { objective: () => dpoObjective(sigmoid, null), packs: pairs },
  kto: {
    objective: (r) => ktoObjective({ beta: 0.3, desirableWeight: 1, undesirableWeight: 1.5 }, r),
    packs: answers,
    // three of weight 1 and one of 1.5, each 1 − σ(0)
    atReference: (3 * 0.5 + 1.5 * 0.5) / 4,
  },
  grpo: { objective: () => policyObjective('grpo', policy), packs: drawn },
  'grpo per token, with k3 and truncated weights': {
    objective: () =>
      policyObjective('grpo', {
        ...policy,
        ...{ mean: 'token', divergence: { beta: 0.2, kind: 'k3' }, correction: 'truncate', correctionCap: 1.2 },
      }),
    packs: drawn,
    unbounded: true,
  },
  'grpo with an entropy bonus': {
    objective: () => policyObjective('grpo', { ...policy, entropy: 0.3 }),
    packs: drawn,
  },
  ppo: {
    objective: () => policyObjective('ppo', { ...policy, mean: 'token', entropy: 0.1 }),
    packs: drawn,
  },
  'value model': { objective: () => valueObjective({ clipValue: false }), packs: drawn, scores: true },
  'value model, clipped': { objective: () => valueObjective({ clipValue: 0.2 }), packs: drawn, scores: true },
  'dr. grpo': { objective: () => policyObjective('grpo', { ...policy, mean: 'constant' }), packs: drawn },
  gspo: { objective: () => policyObjective('grpo', { ...policy, ratio: 'sequence' }), packs: drawn },
  rloo: { objective: () => policyObjective('rloo', { ...policy, ratio: 'product' }), packs: drawn },
  'cispo, masked': {
    objective: () => policyObjective('grpo', { ...policy, surrogate: 'cispo', correction: 'mask', correctionCap: 1.3 }),
    packs: drawn,
    weighted: true,
  },
  'reverse divergence': {
    objective: () => policyObjective('grpo', { ...policy, divergence: { beta: 0.5, kind: 'reverse' } }),
    packs: drawn,
    weighted: true,
  },
  orpo: { objective: () => orpoObjective({ lambda: 0.5 }), packs: pairs },
  simpo: { objective: () => simpoObjective({ beta: 2, margin: 1 }), packs: pairs },
  'distill forward': { objective: () => distillationObjective(forward, teacher), packs: plain },
  'distill reverse, with cross-entropy': {
    objective: () => distillationObjective({ ...forward, loss: 'reverse-kl', crossEntropy: 0.3 }, teacher),
    packs: plain,
  },
  'distill jsd, softened': {
    objective: () =>
      distillationObjective({ ...forward, loss: 'jsd', beta: 0.3, temperature: 2, crossEntropy: 0.3 }, teacher),
    packs: plain,
  },
  'reward model': {
    objective: () => rewardObjective({ margins: true, centring: 0.1 }),
    packs: pairs,
    scores: true,
  },
};

interface Step {
  readonly loss: number;
  readonly gradNorm: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** One optimizer step that changes nothing. */
async function stepOf(
  model: Decoder,
  objective: Objective,
  packs: readonly Pack[],
  microBatch: number,
  recompute = false,
) {
  using trainable = new Trainable(model);
  const steps: Step[] = [];
  const source: StepSource = { stepsPerEpoch: 1, packs: () => packs };
  const optimizer = { steps: 0, step() {}, state: () => new Map(), [Symbol.dispose]() {} };
  await trainLoop(
    0,
    {
      ...{ model, trainable, optimizer, source, objective, microBatch, recompute },
      ...{ validation: [], steps: 1, learningRate: () => 0, clip: false, seed: 0 },
      every: { evaluate: false, checkpoint: false },
    },
    {
      onStep: (report) => steps.push(report),
      onEvaluate: () => {},
      saveCheckpoint: async () => {},
      stopRequested: () => false,
    },
  );
  return steps[0]!;
}

function withModel(body: (model: CausalLm) => Promise<void> | void): Promise<void> {
  return assertNoLeak(async () => {
    const { model } = loadCausalLm(goldenPath('tiny/untied'));
    using _ = model;
    await body(model);
  });
}

/** The kind of model that an objective is for. */
function withModelFor({ scores }: Case, body: (model: Decoder) => Promise<void>): Promise<void> {
  if (!scores) return withModel(body);
  return assertNoLeak(async () => {
    const { model } = loadRewardModel(goldenPath('tiny/untied'), { freshHead: 'random' });
    using _ = model;
    await body(model);
  });
}

function assertSame(actual: Step, expected: Step, what: string): void {
  for (const key of ['loss', 'gradNorm'] as const) {
    const error = Math.abs(actual[key] - expected[key]) / Math.abs(expected[key]);
    assert.ok(error <= 5e-6, `${what}: ${key} ${actual[key]}, expected ${expected[key]}`);
  }
  for (const [name, value] of Object.entries(expected.metrics ?? {}))
    assert.ok(Math.abs(actual.metrics![name]! - value) <= 1e-5 * Math.max(1, Math.abs(value)), `${what}: ${name}`);
}

/** The objective's sum by its own input: log-probabilities [M] (then entropies [M]), scores [R], values [M], or logits [M · 128]. */
function asFunction(objective: Objective, batch: Batch): { readonly inputs: number; sum(values: Tensor): Tensor } {
  const { targets, weights } = batch;
  switch (objective.needs) {
    case 'each-logp':
      return { inputs: targets.count, sum: (logp) => objective.sum({ logp, weights }) };
    case 'all-logps': {
      const { count } = targets;
      if (!objective.entropy) return { inputs: count, sum: (logp) => objective.loss(logp, batch).sum };
      const part = (values: Tensor, i: number) => values.narrow(0, i * count, count);
      return { inputs: 2 * count, sum: (values) => objective.loss(part(values, 0), batch, part(values, 1)).sum };
    }
    case 'values':
      return { inputs: targets.count, sum: (values) => objective.loss(values, batch).sum };
    case 'scores':
      return { inputs: batch.rows.length, sum: (scores) => objective.loss(scores, batch).sum };
    case 'teacher': {
      const { loss } = objective.forBatch(batch);
      const [start, count] = [0, targets.count];
      const sum = (values: Tensor) => loss({ start, count, logits: values.view([-1, 128]), targets, weights }).sum;
      return { inputs: count * 128, sum };
    }
  }
}

for (const [name, kind] of Object.entries(cases)) {
  const { objective: make, packs, atReference, weighted, unbounded } = kind;
  test(`${name}: micro-batches, the order of rows and recomputation change nothing`, () =>
    withModelFor(kind, async (model) => {
      const objective = make(reference);
      const whole = await stepOf(model, objective, packs, packs.length);
      assert.ok(whole.gradNorm > 1e-4, `${whole.gradNorm}`);
      for (const microBatch of [1, 2])
        assertSame(await stepOf(model, objective, packs, microBatch), whole, `micro-batches of ${microBatch}`);
      assertSame(await stepOf(model, objective, packs.toReversed(), packs.length), whole, 'reversed');
      assertSame(await stepOf(model, objective, packs, 2, true), whole, 'recomputed');
    }));

  test(`${name}: evaluation finds what training does`, () =>
    withModelFor(kind, async (model) => {
      const objective = make(reference);
      const { loss } = await stepOf(model, objective, packs, packs.length);
      const settled =
        'forStep' in objective && objective.forStep
          ? objective.forStep(packs, (rows) => rowLogps(causalLm(model), rows, 3))
          : objective;
      const { sum } = scope(() => evaluate(model, makeBatch(packs), settled));
      assert.ok(Math.abs(sum / objective.weight(packs) - loss) <= 1e-6 * Math.abs(loss));
    }));

  test(`${name}: the gradient is the slope, in float64, and finite where log-probabilities are extreme`, () =>
    scope(() => {
      const objective = make(reference);
      const batch = makeBatch(packs);
      const { inputs, sum: sumOf } = asFunction(objective, batch);
      const at = (values: readonly number[]) => {
        const leaf = tensor(values, { dtype: 'float64' });
        leaf.requiresGrad = true;
        const sum = sumOf(leaf);
        sum.backward();
        return { sum: sum.item(), gradient: toArray(leaf.grad!) };
      };
      const values = Array.from({ length: inputs }, (_, i) => -4.5 - Math.sin(i));
      const { gradient } = at(values);
      for (const i of weighted ? [] : [0, 3, values.length - 1]) {
        const moved = (by: number) => at(values.map((value, j) => (i === j ? value + by : value))).sum;
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(slope - gradient[i]!) <= 1e-6 * Math.max(1, Math.abs(slope)), `${gradient[i]}, ${slope}`);
      }
      for (const extreme of unbounded ? [-1e-9] : [-1e4, -1e-9]) {
        const { sum, gradient: steep } = at(values.map((_, i) => (i % 2 === 0 ? extreme : -3)));
        assert.ok(Number.isFinite(sum) && steep.every(Number.isFinite), `at ${extreme}: ${sum}`);
      }
    }));

  if (atReference !== undefined)
    test(`${name}: at the reference the loss is ${atReference.toFixed(4)}`, () =>
      withModel(async (model) => {
        const rows = packs.flat().flatMap((row) => [row, ...(row.judged?.mismatched ? [row.judged.mismatched] : [])]);
        const own = new Map(rowLogps(model, rows, 4).map((logp, i) => [rows[i]!, logp]));
        const { loss, metrics } = await stepOf(
          model,
          make((row) => own.get(row)!),
          packs,
          2,
        );
        assert.ok(Math.abs(loss - atReference) <= 2e-5, `${loss}`);
        for (const [key, value] of Object.entries(metrics ?? {}))
          if (/Reward|margin|Drift|kl/.test(key)) assert.ok(Math.abs(value) <= 1e-5, `${key} ${value}`);
      }));
}

test("KTO's baseline is the mean ratio of mismatched answers, of the whole step and at least 0", () =>
  withModel(async (model) => {
    const { objective: make, atReference } = cases['kto']!;
    const rows = answers.flat().flatMap((row) => [row, row.judged!.mismatched!]);
    const own = new Map(rowLogps(model, rows, 4).map((logp, i) => [rows[i]!, logp]));
    for (const [shift, baseline] of [
      [0.7, 0.7],
      [-0.7, 0],
    ] as const) {
      const objective = make((row) => own.get(row)! - shift);
      for (const microBatch of [1, 4]) {
        const { loss, metrics } = await stepOf(model, objective, answers, microBatch);
        assert.ok(Math.abs(metrics!['kl']! - baseline) <= 1e-5, `${metrics!['kl']}`);
        // Ratios are all `shift`: at the baseline every answer is worth ½ of its weight.
        if (shift > 0) assert.ok(Math.abs(loss - atReference!) <= 1e-5, `${loss}`);
        else assert.ok(Math.abs(metrics!['desirableReward']! - 0.3 * shift) <= 1e-5);
      }
    }
  }));

test('DPO through the model is what autograd gives through the whole log-softmax', () =>
  withModel((model) => {
    using _ = model.requireGrad(true);
    const beta = 0.3;
    const gradients = () => model.parameters().map((parameter) => parameter.grad!);
    const clear = () => {
      for (const parameter of model.parameters()) parameter.grad = null;
    };
    scope(() => {
      const objective = dpoObjective({ ...sigmoid, beta }, reference);
      backward(model, makeBatch(pairs), objective, { scale: 1, recompute: false });
      const ours = gradients().map((gradient) => gradient.clone());
      clear();
      // The plain definition: both answers of each pair by themselves, full logits, L = −Σ log σ(β h).
      for (const [chosen, rejected] of pairs) {
        const [a, b] = [chosen!, rejected!].map((row) => {
          const { sum } = scope(() => evaluate(model, makeBatch([[row]]), crossEntropy));
          return -sum - reference(row);
        });
        const slope = -beta / (1 + Math.exp(beta * (a! - b!)));
        // dL/dlogp = ±slope, and cross-entropy's gradient is −dlogp.
        for (const [row, sign] of [
          [chosen!, -1],
          [rejected!, 1],
        ] as const)
          backward(model, makeBatch([[row]]), crossEntropy, { scale: sign * slope, recompute: false });
      }
      for (const [i, gradient] of gradients().entries())
        assert.ok(relativeError(ours[i]!, gradient) <= 1e-4, `parameter ${i}: ${relativeError(ours[i]!, gradient)}`);
      assert.ok(gradientNorm(ours) > 1e-3);
      clear();
    });
  }));
