import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { groupAdvantages, isFlat, leaveOneOutAdvantages, lengthPunishment } from './advantages.ts';
import { k3Divergence, reverseDivergence } from './divergence.ts';
import { type PolicyOptions, policyTerms } from './policy-gradient.ts';

const f64 = (values: readonly number[]) => tensor(values, { dtype: 'float64' });

/** Values of a term a token, and the gradient of their sum with respect to log π. */
function measure(loss: (logp: Tensor) => Tensor, logp: readonly number[]) {
  return scope(() => {
    const leaf = f64(logp);
    leaf.requiresGrad = true;
    const values = loss(leaf);
    values.sumAll().backward();
    return { values: toArray(values), gradient: toArray(leaf.grad!) };
  });
}

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-9): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `[${i}]: ${value}, expected ${expected[i]}`);
}

const clip: PolicyOptions = { ratio: 'token', surrogate: 'clip', clipLow: 0.2, clipHigh: 0.3 };
const terms =
  (options: Partial<PolicyOptions>, old: readonly number[], advantages: readonly number[], counts: readonly number[]) =>
  (logp: Tensor) =>
    policyTerms(logp, f64(old), f64(advantages), counts, { ...clip, ...options }).terms;

test('PPO’s clip, bound by bound: what is beyond it and would earn more has no gradient', () => {
  // ratios 1, 1.5, 1.5, .5, .5 with A = 1, 1, −1, 1, −1
  const logp = [0, Math.log(1.5), Math.log(1.5), Math.log(0.5), Math.log(0.5)];
  const { values, gradient } = measure(terms({}, [0, 0, 0, 0, 0], [1, 1, -1, 1, -1], [5]), logp);
  near(values, [-1, -1.3, 1.5, -0.5, 0.8]);
  near(gradient, [-1, 0, 1.5, -0.5, 0]);
});

test('at ratio 1 the gradient is −A, to the last bit', () => {
  const logp = [-1.25, -3.7, -0.01];
  for (const options of [{}, { ratio: 'sequence' }, { ratio: 'product' }, { surrogate: 'cispo' }] as const) {
    const { gradient } = measure(terms(options, logp, [2, 2, 2], [3]), logp);
    // An answer's mean ratio has a third of the gradient at each token, and there are three terms of it.
    near(
      gradient,
      options === undefined ? [] : 'ratio' in options && options.ratio === 'product' ? [-6, -6, -6] : [-2, -2, -2],
      1e-14,
    );
  }
});

test('GSPO: the ratio is the geometric mean, of each answer by itself', () => {
  // answer one: (log 1.2 + log 1.1·…)/2; answer two has one token
  const logp = [Math.log(1.44), 0, Math.log(0.9)];
  const { values, gradient } = measure(terms({ ratio: 'sequence' }, [0, 0, 0], [1, 1, 2], [2, 1]), logp);
  near(values, [-1.2, -1.2, -1.8]);
  // two terms of −1.2, each with half its gradient at either token
  near(gradient, [-1.2, -1.2, -1.8]);
});

test('RLOO: an answer is one action, whose ratio is a product', () => {
  const logp = [Math.log(1.1), Math.log(1.1), Math.log(0.5)];
  const { values } = measure(terms({ ratio: 'product' }, [0, 0, 0], [1, 1, 1], [2, 1]), logp);
  near(values, [-1.21, -1.21, -0.5]);
});

test('CISPO: the ratio weighs the gradient, at most 1 + ε, and never stops it', () => {
  const logp = [Math.log(1.5), Math.log(0.5)];
  const { values, gradient } = measure(terms({ surrogate: 'cispo' }, [0, 0], [1, -1], [2]), logp);
  near(values, [-1.3 * Math.log(1.5), 0.5 * Math.log(0.5)]);
  near(gradient, [-1.3, 0.5]);
});

/** A policy over three tokens, by its logits: log-probabilities, probabilities, and d log π(a) / d logit. */
function policy(logits: readonly number[]) {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const p = logits.map((logit) => Math.exp(logit) / total);
  return { p, logp: p.map(Math.log), slope: (a: number, j: number) => (a === j ? 1 : 0) - p[j]! };
}

/** d KL(π‖π_ref) / d logit, from the definition: Σ_a π(a) (log π(a)/π_ref(a)) d log π(a)/d logit_j. */
function enumerated(now: ReturnType<typeof policy>, reference: ReturnType<typeof policy>): number[] {
  return [0, 1, 2].map((j) =>
    now.p.reduce((sum, p, a) => sum + p * (now.logp[a]! - reference.logp[a]!) * now.slope(a, j), 0),
  );
}

/** The expected gradient of a term, over tokens drawn from `drawnBy`, with respect to π's logits. */
function expected(
  term: (logp: Tensor, a: number) => Tensor,
  now: ReturnType<typeof policy>,
  drawnBy: ReturnType<typeof policy>,
): number[] {
  const slopes = now.logp.map((logp, a) => measure((leaf) => term(leaf, a), [logp]).gradient[0]!);
  return [0, 1, 2].map((j) => slopes.reduce((sum, slope, a) => sum + drawnBy.p[a]! * slope * now.slope(a, j), 0));
}

const [now, reference, before] = [policy([0.3, -0.8, 1.1]), policy([-0.2, 0.4, 0.1]), policy([0.9, 0.2, -0.5])];

test('the enumerated gradient of the divergence is its slope', () => {
  const divergence = (logits: readonly number[]) => {
    const { p, logp } = policy(logits);
    return p.reduce((sum, q, a) => sum + q * (logp[a]! - reference.logp[a]!), 0);
  };
  const slopes = [0, 1, 2].map((j) => {
    const at = (by: number) => divergence([0.3, -0.8, 1.1].map((logit, i) => (i === j ? logit + by : logit)));
    return (at(1e-6) - at(-1e-6)) / 2e-6;
  });
  near(enumerated(now, reference), slopes, 1e-8);
});

for (const [name, drawnBy] of Object.entries({ 'on policy': now, 'off policy': before })) {
  test(`reverse divergence in the loss: the expected gradient is the enumerated one, ${name}`, () => {
    const term = (logp: Tensor, a: number) =>
      reverseDivergence(logp, f64([drawnBy.logp[a]!]), f64([reference.logp[a]!]));
    near(expected(term, now, drawnBy), enumerated(now, reference));
    const value = drawnBy.p.reduce(
      (sum, p, a) => sum + p * measure((leaf) => term(leaf, a), [now.logp[a]!]).values[0]!,
      0,
    );
    near([value], [now.p.reduce((sum, p, a) => sum + p * (now.logp[a]! - reference.logp[a]!), 0)]);
  });
}

test('k3 in the loss is not that gradient, and k1 in the loss none at all', () => {
  const k3 = expected((logp, a) => k3Divergence(logp, f64([reference.logp[a]!])), now, now);
  assert.ok(
    k3.some((slope, j) => Math.abs(slope - enumerated(now, reference)[j]!) > 0.05),
    `${k3}`,
  );
  near(
    expected((logp, a) => logp.sub(reference.logp[a]!), now, now),
    [0, 0, 0],
  );
});

test('k3: by hand, and its mean over π is the divergence', () => {
  // x = log ½: ½ + log 2 − 1
  near(measure((logp) => k3Divergence(logp, f64([Math.log(0.25)])), [Math.log(0.5)]).values, [Math.LN2 - 0.5]);
  const mean = now.p.reduce(
    (sum, p, a) =>
      sum + p * measure((logp) => k3Divergence(logp, f64([reference.logp[a]!])), [now.logp[a]!]).values[0]!,
    0,
  );
  near([mean], [now.p.reduce((sum, p, a) => sum + p * (now.logp[a]! - reference.logp[a]!), 0)]);
});

test('group advantages: by hand, unscored answers in no mean', () => {
  // mean 2, deviation 1 (over n − 1)
  const [scaled] = groupAdvantages([[1, 2, 3, null]], 'group');
  near(scaled!, [-1 / 1.0001, 0, 1 / 1.0001, 0]);
  near(groupAdvantages([[1, 2, 3, null]], 'none')[0]!, [-1, 0, 1, 0]);
  // all four rewards: mean 3, deviation √((4 + 1 + 1 + 4) / 3)
  const size = Math.sqrt(10 / 3) + 1e-4;
  const [first, second] = groupAdvantages(
    [
      [1, 2],
      [4, 5],
    ],
    'batch',
  );
  near(
    [...first!, ...second!],
    [-0.5, 0.5, -0.5, 0.5].map((a) => a / size),
  );
  near(
    groupAdvantages(
      [
        [0.7, 0.7],
        [3, null],
      ],
      'group',
    ).flat(),
    [0, 0, 0, 0],
  );
});

test('leave one out: each against the mean of the others', () => {
  // 1 − (2 + 6)/2, 2 − (1 + 6)/2, 6 − (1 + 2)/2
  near(leaveOneOutAdvantages([[1, 2, 6, null]])[0]!, [-3, -1.5, 4.5, 0]);
  near(leaveOneOutAdvantages([[5, null]])[0]!, [0, 0]);
});

test('flat groups: fewer than two rewards, or all the same', () => {
  assert.deepEqual([[1, 1], [null, 3], [], [1, 2]].map(isFlat), [true, true, true, false]);
});

test('length: nothing before the margin, −1 at the longest, a line between', () => {
  near(
    [3, 6, 8, 10].map((tokens) => lengthPunishment(tokens, 10, 4)),
    [0, 0, -0.5, -1],
  );
});

test('every term is finite where tokens were next to impossible', () => {
  const logp = [-80, -1e-9, -40];
  const old = [-1e-9, -80, -40.5];
  for (const options of [{}, { ratio: 'sequence' }, { surrogate: 'cispo' }] as const) {
    const { values, gradient } = measure(terms(options, old, [-1, 1, 2], [2, 1]), logp);
    assert.ok([...values, ...gradient].every(Number.isFinite), `${values} ${gradient}`);
  }
});
