import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, tensor, toArray } from '../../tensor/index.ts';
import { type DistillationOptions, type Divergence, divergences, mixedLosses, softened } from './distillation.ts';

const { log } = Math;
const standard = { loss: 'forward-kl', beta: 0.5, temperature: 1, crossEntropy: 0 } as const;

/** The loss of one token of a three-token vocabulary, and its gradient with respect to the student's logits. */
function measure(
  teacher: readonly number[],
  student: readonly number[],
  options: Partial<DistillationOptions>,
  target = 0,
): { value: number; gradient: number[] } {
  const settled = { ...standard, ...options };
  return scope(() => {
    const logits = tensor([...student], { dtype: 'float64' })
      .view([1, 3])
      .detach();
    logits.requiresGrad = true;
    const fixed = tensor([...teacher], { dtype: 'float64' }).view([1, 3]);
    const [p, q] = [softened(fixed, settled.temperature), softened(logits, settled.temperature)];
    const crossEntropy = softened(logits, 1).select(1, target).neg();
    const loss = mixedLosses(divergences(p, q, settled), crossEntropy, settled).sumAll();
    loss.backward();
    return { value: loss.item(), gradient: toArray(logits.grad!.view([3])) as number[] };
  });
}

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `[${i}]: ${value}, expected ${expected[i]}`);
}

// Logits are log-probabilities: their softmax is they themselves. A constant added to either changes nothing.
const p = [1 / 2, 1 / 4, 1 / 4];
const q = [1 / 8, 1 / 8, 3 / 4];
const teacher = p.map((x) => log(x) + 3);
const student = q.map((x) => log(x) - 1);

test('forward KL by hand; its gradient is q − p', () => {
  // ½ log 4 + ¼ log 2 + ¼ log ⅓
  const { value, gradient } = measure(teacher, student, {});
  near([value], [1.25 * log(2) - 0.25 * log(3)]);
  near(gradient, [-3 / 8, -1 / 8, 1 / 2]);
});

test('reverse KL by hand; its gradient is q (log q/p − KL)', () => {
  // ⅛ log ¼ + ⅛ log ½ + ¾ log 3
  const kl = -0.375 * log(2) + 0.75 * log(3);
  const { value, gradient } = measure(teacher, student, { loss: 'reverse-kl' });
  near([value], [kl]);
  near(gradient, [(log(1 / 4) - kl) / 8, (log(1 / 2) - kl) / 8, (log(3) - kl) * 0.75]);
});

test('Jensen–Shannon at β = ½ and ¼ by hand; its gradient is (1−β) q (log q/m − KL(q‖m))', () => {
  const mixtures = { 0.5: [5 / 16, 3 / 16, 1 / 2], 0.25: [7 / 32, 5 / 32, 5 / 8] } as const;
  for (const [name, m] of Object.entries(mixtures)) {
    const beta = Number(name);
    const teacherSide = 0.5 * log(0.5 / m[0]) + 0.25 * log(0.25 / m[1]) + 0.25 * log(0.25 / m[2]);
    const studentSide = 0.125 * log(0.125 / m[0]) + 0.125 * log(0.125 / m[1]) + 0.75 * log(0.75 / m[2]);
    const { value, gradient } = measure(teacher, student, { loss: 'jsd', beta });
    near([value], [beta * teacherSide + (1 - beta) * studentSide]);
    near(
      gradient,
      q.map((x, i) => (1 - beta) * x * (log(x / m[i]!) - studentSide)),
    );
  }
});

test('Jensen–Shannon tends to β · forward and (1−β) · reverse KL, and stays below log 2', () => {
  const forward = measure(teacher, student, {}).value;
  const reverse = measure(teacher, student, { loss: 'reverse-kl' }).value;
  near([measure(teacher, student, { loss: 'jsd', beta: 1e-6 }).value / 1e-6], [forward], 1e-5);
  near([measure(teacher, student, { loss: 'jsd', beta: 1 - 1e-6 }).value / 1e-6], [reverse], 1e-5);
  near([measure([60, 0, 0], [0, 0, 60], { loss: 'jsd' }).value], [log(2)], 1e-9);
});

test('temperature: softmax(z/2) by hand, times T² = 4', () => {
  // Teacher ∝ (4, 1, 1) and student ∝ (1, 4, 1) at T = 1 are (2, 1, 1)/4 and (1, 2, 1)/4 at T = 2.
  const { value, gradient } = measure([log(4), 0, 0], [0, log(4), 0], { temperature: 2 });
  near([value], [4 * (0.5 * log(2) - 0.25 * log(2))]);
  // T²·(1/T)(q − p)
  near(gradient, [2 * -0.25, 2 * 0.25, 0]);
});

test('at a high temperature the gradient is that of matching logits, (z − v)/V (Hinton et al., eq. 4)', () => {
  const [v, z] = [
    [1, -3, 2],
    [-2, 0.5, 1.5],
  ] as const;
  const { gradient } = measure(v, z, { temperature: 1e4 });
  near(
    gradient,
    z.map((logit, i) => (logit - v[i]!) / 3),
    1e-3,
  );
});

test('cross-entropy has its share, at temperature 1 and without T²', () => {
  // 0.7 · 4 · ¼ log 2 + 0.3 · −log(4/6) of the second token
  const options = { temperature: 2, crossEntropy: 0.3 };
  const { value, gradient } = measure([log(4), 0, 0], [0, log(4), 0], options, 1);
  near([value], [0.7 * log(2) + 0.3 * log(1.5)]);
  near(gradient, [0.7 * -0.5 + 0.3 / 6, 0.7 * 0.5 + 0.3 * (4 / 6 - 1), 0.3 / 6]);
});

const losses: readonly Divergence[] = ['forward-kl', 'reverse-kl', 'jsd'];

test('every divergence is 0 without gradient where the student is the teacher, and above 0 elsewhere', () => {
  for (const loss of losses) {
    const same = measure(teacher, teacher, { loss, beta: 0.3 });
    near([same.value, ...same.gradient], [0, 0, 0, 0]);
    assert.ok(measure(teacher, student, { loss, beta: 0.3 }).value > 0.01);
  }
});

test('the gradient is the slope of the enumerated divergence, over a grid of students', () => {
  for (const loss of losses)
    for (const temperature of [0.5, 1, 3])
      for (const a of [-2, 0, 2])
        for (const b of [-1, 1]) {
          const at = (x: number, y: number) =>
            measure(teacher, [x, y, 0], { loss, beta: 0.7, temperature, crossEntropy: 0.2 }, 2);
          const slopes = [
            (at(a + 1e-5, b).value - at(a - 1e-5, b).value) / 2e-5,
            (at(a, b + 1e-5).value - at(a, b - 1e-5).value) / 2e-5,
          ];
          near(at(a, b).gradient.slice(0, 2), slopes, 1e-7);
        }
});

test('every divergence and gradient is finite where the two are certain of different tokens', () => {
  for (const loss of losses) {
    const { value, gradient } = measure([1e4, 0, -1e4], [-1e4, 0, 1e4], { loss });
    assert.ok([value, ...gradient].every(Number.isFinite), `${loss}: ${value} ${gradient}`);
  }
});
