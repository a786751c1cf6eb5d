import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualSeed, randn, scope, tensor, toArray } from '../../tensor/index.ts';
import { divergences, klDivergences, softened } from './distillation.ts';
import { classLogps, topKOf } from './top-k.ts';

const { log } = Math;
const f64 = { dtype: 'float64' } as const;

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `[${i}]: ${value}, expected ${expected[i]}`);
}

test('the two likeliest of four tokens, and the rest as one class, by hand', () =>
  scope(() => {
    const teacher = tensor([1 / 8, 1 / 2, 1 / 8, 1 / 4].map(log), f64).view([1, 4]);
    const { ids, logps } = topKOf(teacher, 2, 1);
    assert.deepEqual(toArray(ids), [1, 3]);
    near(toArray(logps), [log(1 / 2), log(1 / 4), log(1 / 4)]);
    const student = tensor([1 / 4, 1 / 4, 1 / 4, 1 / 4].map(log), f64)
      .view([1, 4])
      .detach();
    student.requiresGrad = true;
    const classes = classLogps(student, ids, 1);
    near(toArray(classes.detach()), [log(1 / 4), log(1 / 4), log(1 / 2)]);
    // ½ log 2 + 0 + ¼ log ½; over all four tokens it is ½ log 2 − ¼ log 2 as well, as the rest is alike in both
    const kl = klDivergences(logps, classes);
    near(toArray(kl.detach()), [0.25 * log(2)]);
    kl.sumAll().backward();
    // q − p for the kept tokens; the rest have q·(1 − p_rest/q_rest) = ¼·(1 − ½) each
    near(toArray(student.grad!), [1 / 8, -1 / 4, 1 / 8, 0]);
  }));

test('with all tokens kept every divergence, and its gradient, is that of the whole distributions', () =>
  scope(() => {
    manualSeed(4);
    const teacher = randn([5, 17]).mul(3);
    const values = randn([5, 17]);
    for (const loss of ['forward-kl', 'reverse-kl', 'jsd'] as const)
      for (const temperature of [1, 2]) {
        const gradients = [17, 40].map((k) => {
          const leaf = values.detach();
          leaf.requiresGrad = true;
          const { ids, logps } = topKOf(teacher, k, temperature);
          assert.deepEqual(logps.shape, [5, 17]);
          const found = divergences(logps, classLogps(leaf, ids, temperature), { loss, beta: 0.3 });
          const whole = divergences(softened(teacher, temperature), softened(values, temperature), { loss, beta: 0.3 });
          near(toArray(found.detach()), toArray(whole), 1e-6);
          found.sumAll().backward();
          return toArray(leaf.grad!);
        });
        const leaf = values.detach();
        leaf.requiresGrad = true;
        divergences(softened(teacher, temperature), softened(leaf, temperature), { loss, beta: 0.3 })
          .sumAll()
          .backward();
        for (const gradient of gradients) near(gradient, toArray(leaf.grad!), 1e-6);
      }
  }));

test('fewer kept tokens never make the two further apart, and the gradient stays finite where the rest is as good as nothing', () =>
  scope(() => {
    manualSeed(5);
    const [teacher, student] = [randn([6, 40]).mul(3), randn([6, 40]).mul(3)];
    const at = (k: number) => {
      const { ids, logps } = topKOf(teacher, k, 1);
      return toArray(klDivergences(logps, classLogps(student, ids, 1)));
    };
    const sizes = [1, 2, 5, 20, 39, 40].map(at);
    for (const [i, smaller] of sizes.slice(0, -1).entries())
      for (const [token, kl] of smaller.entries()) assert.ok(kl >= -1e-6 && kl <= sizes[i + 1]![token]! + 1e-6);
    const sure = tensor([900, 0, 0, 0]).view([1, 4]).detach();
    sure.requiresGrad = true;
    const { ids, logps } = topKOf(sure.detach(), 1, 1);
    klDivergences(logps, classLogps(sure, ids, 1))
      .sumAll()
      .backward();
    assert.ok(toArray(sure.grad!).every(Number.isFinite));
  }));
