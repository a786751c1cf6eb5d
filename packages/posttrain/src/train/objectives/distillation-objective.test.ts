import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack, TokenRow } from '../../data/types.ts';
import { type CausalLm, loadCausalLm } from '../../models/index.ts';
import { Random } from '../../support/random.ts';
import { noGrad, randn, scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { assertClose, assertNoLeak, goldenPath, gradientTolerance } from '../../testing/golden.ts';
import { backward, evaluate } from '../backward.ts';
import { makeBatch } from '../batch.ts';
import { backwardThroughHead } from '../head.ts';
import { logitRows } from '../logit-head.ts';
import type { DistillationOptions, Divergence } from '../losses/distillation.ts';
import { liveTeacher, type Teacher } from '../teacher.ts';
import { distillationObjective } from './distillation-objective.ts';

const options: DistillationOptions = { loss: 'forward-kl', beta: 0.5, temperature: 1, crossEntropy: 0 };

function withModels(folders: readonly string[], body: (...models: CausalLm[]) => void): Promise<void> {
  return assertNoLeak(() => {
    const models = folders.map((folder) => loadCausalLm(goldenPath(folder)).model);
    try {
      models[0]!.requireGrad(true);
      scope(() => body(...models));
    } finally {
      for (const model of models) model[Symbol.dispose]();
    }
  });
}

const random = new Random(11);

/** Rows of 128 tokens' vocabulary, with contexts and targets mixed and weights of 1 and ½. */
const packs = [9, 23, 4].map((length): Pack => {
  const row: TokenRow = {
    tokens: Int32Array.from({ length }, () => random.int(128)),
    weights: Float32Array.from({ length }, (_, t) => (t === 0 ? 0 : random.pick([0, 1, 0.5, 1]))),
    origin: { file: 'rows', line: 1 },
  };
  row.weights[length - 1] = 1;
  return [row];
});

test('a live teacher gives the logits of a whole pass, at the targets alone', () =>
  withModels(['tiny/untied', 'tiny/tied'], (_, model) => {
    const batch = makeBatch(packs);
    const logitsOf = liveTeacher(model)(batch);
    const whole = packs.flatMap(([row]) => {
      const alone = makeBatch([[{ ...row!, weights: row!.weights.map((_, t) => (t === 0 ? 0 : 1)) }]]);
      const all = liveTeacher(model)(alone)(0, row!.tokens.length - 1);
      return [...row!.weights].flatMap((weight, t) => (weight > 0 ? [toArray(all.select(0, t - 1)) as number[]] : []));
    });
    const count = batch.targets.count;
    assert.equal(whole.length, count);
    assertClose(logitsOf(0, count), tensor(whole.flat()).view([count, 128]), 1e-5, 'logits');
    assertClose(logitsOf(3, 5), tensor(whole.slice(3, 8).flat()).view([5, 128]), 1e-5, 'a chunk of them');
  }));

test('a model that is its own teacher: no loss and no gradient, and it agrees with itself', () =>
  withModels(['tiny/untied'], (model) => {
    for (const loss of ['forward-kl', 'reverse-kl', 'jsd'] as const) {
      const objective = distillationObjective({ ...options, loss }, liveTeacher(model));
      const { sum, metrics } = backward(model, makeBatch(packs), objective, { scale: 1, recompute: false });
      assert.ok(Math.abs(sum) <= 1e-4, `${loss}: ${sum}`);
      for (const [name, gradient] of [...model.namedParameters()].map(([key, { grad }]) => [key, grad!] as const))
        assert.ok(gradient.abs().amax().item() <= 1e-4, `${loss}: ${name} ${gradient.abs().amax().item()}`);
      assert.ok(metrics['agreement']!.every((agreed) => agreed === 1));
      for (const [i, nats] of metrics['crossEntropy']!.entries())
        assert.ok(Math.abs(nats - metrics['teacherCrossEntropy']![i]!) <= 1e-5);
    }
  }));

test('the teacher gets no gradient', () =>
  withModels(['tiny/untied', 'tiny/tied'], (model, other) => {
    other.requireGrad(true);
    backward(model, makeBatch(packs), distillationObjective(options, liveTeacher(other)), {
      scale: 1,
      recompute: false,
    });
    assert.ok(other.parameters().every(({ grad }) => grad === null));
    assert.ok(model.parameters().every(({ grad }) => grad !== null));
  }));

/** The loss and its gradient with respect to the hidden states, from both models' whole logits, in float64. */
function direct(head: Tensor, hidden: Tensor, teacher: Tensor, batch: ReturnType<typeof makeBatch>, loss: Divergence) {
  return noGrad(() => {
    const w = head.toDtype('float64');
    const z = hidden.toDtype('float64').indexSelect(0, batch.predictors).matmul(w.t());
    const [p, q] = [teacher.toDtype('float64').logSoftmax(1), z.logSoftmax(1)];
    const weights = batch.weights.toDtype('float64').unsqueeze(1);
    const reverse = loss === 'reverse-kl';
    const kl = reverse ? q.exp().mul(q.sub(p)).sum([1], true) : p.exp().mul(p.sub(q)).sum([1], true);
    const slope = reverse ? q.exp().mul(q.sub(p).sub(kl)) : q.exp().sub(p.exp());
    const ofLogits = slope.mul(weights);
    return {
      sum: kl.mul(weights).sumAll().item(),
      hidden: ofLogits.matmul(w),
      head: ofLogits.t().matmul(hidden.toDtype('float64').indexSelect(0, batch.predictors)),
    };
  });
}

for (const loss of ['forward-kl', 'reverse-kl'] as const)
  for (const count of [3, logitRows, 2 * logitRows + 77])
    test(`${loss}, ${count} targets by chunks: sum and gradients are those of the whole matrices`, () =>
      withModels(['tiny/untied'], (model) => {
        const { width, vocabulary } = model.dimensions;
        const row: TokenRow = {
          tokens: Int32Array.from({ length: count + 1 }, () => random.int(vocabulary)),
          weights: Float32Array.from({ length: count + 1 }, (_, t) => (t === 0 ? 0 : random.pick([1, 0.5]))),
          origin: { file: 'rows', line: 1 },
        };
        const batch = makeBatch([[row]]);
        const hidden = randn([count + 1, width]);
        hidden.requiresGrad = true;
        const logits = randn([count, vocabulary]).mul(2);
        const sizes: number[] = [];
        const teacher: Teacher = () => (start, length) => {
          sizes.push(length);
          return logits.narrow(0, start, length);
        };
        const head = distillationObjective({ ...options, loss }, teacher).forBatch(batch);
        const { sum, metrics } = backwardThroughHead(model, hidden, batch, head, 0.25);
        const weight = new Map(model.namedParameters()).get('lm_head.weight')!;
        const expected = direct(weight, hidden, logits, batch, loss);
        assert.ok(Math.abs(sum - expected.sum) <= 1e-5 * expected.sum, `${sum}, expected ${expected.sum}`);
        assertClose(hidden.grad!.narrow(0, 0, count), expected.hidden.mul(0.25), gradientTolerance, 'states');
        assertClose(weight.grad!, expected.head.mul(0.25), gradientTolerance, 'head');
        assert.ok(Math.max(...sizes) <= logitRows && sizes.reduce((a, b) => a + b) === count, `${sizes}`);
        for (const values of Object.values(metrics)) assert.equal(values.length, count);
      }));

test('metrics by hand: agreement, both cross-entropies, and the forward KL at temperature 1 whatever is minimised', () =>
  withModels(['tiny/untied'], (model) => {
    const batch = makeBatch(packs);
    const count = batch.targets.count;
    const logits = randn([count, 128]).mul(3);
    const measured = (changed: Partial<DistillationOptions>) =>
      evaluate(
        model,
        batch,
        distillationObjective({ ...options, ...changed }, () => (start, length) => logits.narrow(0, start, length)),
      ).metrics;
    const student = toArray(liveTeacher(model)(batch)(0, count).logSoftmax(1)) as number[];
    const teacher = toArray(logits.logSoftmax(1)) as number[];
    const targets = toArray(batch.targets) as number[];
    for (const changed of [{}, { loss: 'jsd', temperature: 3, crossEntropy: 0.5 }] as const) {
      const metrics = measured(changed);
      for (let i = 0; i < count; i++) {
        const [q, p] = [student, teacher].map((all) => all.slice(128 * i, 128 * (i + 1))) as [number[], number[]];
        const kl = p.reduce((sum, logp, token) => sum + Math.exp(logp) * (logp - q[token]!), 0);
        const near = (name: string, value: number) =>
          assert.ok(Math.abs(metrics[name]![i]! - value) <= 1e-4, `${name}: ${metrics[name]![i]}, expected ${value}`);
        near('teacherKl', kl);
        near('agreement', Number(p.indexOf(Math.max(...p)) === q.indexOf(Math.max(...q))));
        near('crossEntropy', -q[targets[i]!]!);
        near('teacherCrossEntropy', -p[targets[i]!]!);
      }
    }
  }));

test('what the student drew: expected value and gradient are those of the reverse divergence over all three tokens', () =>
  assertNoLeak(() =>
    scope(() => {
      const z = [0.3, -1.1, 0.6];
      const q = toArray(tensor(z).softmax(0)) as number[];
      const p = tensor([-0.2, 0.9, 0.4]).view([1, 3]);
      const gradientOf = (loss: 'reverse-kl' | 'reverse-kl-sampled', rows: number, weights: readonly number[]) => {
        const logits = tensor(Array.from({ length: rows }, () => z).flat()).view([rows, 3]);
        logits.requiresGrad = true;
        const teacher: Teacher = () => (_start, count) => p.expand([count, 3]);
        const objective = distillationObjective({ ...options, loss }, teacher).forBatch(makeBatch([]));
        const targets = tensor(
          weights.map((_, token) => token),
          { dtype: 'int64' },
        );
        const { sum } = objective.loss({ start: 0, count: rows, logits, targets, weights: tensor(weights) });
        sum.backward();
        return { value: sum.item(), gradient: toArray(logits.grad!.sum([0])) as number[] };
      };
      // Each token as often as q draws it, against the sum over all of them at once.
      const [drawn, exact] = [gradientOf('reverse-kl-sampled', 3, q), gradientOf('reverse-kl', 1, [1])];
      assert.ok(exact.value > 0.3, `${exact.value}`);
      assert.ok(Math.abs(drawn.value - exact.value) <= 1e-6, `${drawn.value}, exactly ${exact.value}`);
      for (const [i, slope] of exact.gradient.entries())
        assert.ok(Math.abs(drawn.gradient[i]! - slope) <= 1e-6, `${drawn.gradient}, exactly ${exact.gradient}`);
    }),
  ));
