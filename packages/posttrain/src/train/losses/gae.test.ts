import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, tensor, toArray } from '../../tensor/index.ts';
import {
  discountedReturns,
  explainedVariance,
  generalisedAdvantages,
  spreadOf,
  tokenRewards,
  whitening,
} from './gae.ts';
import { policyTerms } from './policy-gradient.ts';
import { valueLosses } from './value.ts';

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries())
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `[${i}]: ${value}, expected ${expected[i]}`);
}

test('rewards of tokens: −β k1 at each, the score at the last', () => {
  near(tokenRewards(2, 0.5, [-1, -2, -3], [-1.4, -1.8, -3], 3), [-0.2, 0.1, 2]);
  near(tokenRewards(-1, 0, null, null, 2), [0, -1]);
});

test('advantages by hand: one step, two steps, and nothing after the last', () => {
  const [rewards, values] = [
    [1, 0, 2],
    [0.5, 1.5, 1],
  ];
  // δ = 1 + .9·1.5 − .5, 0 + .9·1 − 1.5, 2 − 1 = 1.85, −.6, 1; γλ = .45
  near(generalisedAdvantages(rewards, values, { gamma: 0.9, lambda: 0.5 }), [1.85 + 0.45 * (-0.6 + 0.45), -0.15, 1]);
  near(generalisedAdvantages(rewards, values, { gamma: 0.9, lambda: 0 }), [1.85, -0.6, 1]);
  // λ 1: what came, discounted, less what was expected
  near(discountedReturns(rewards, 0.9), [1 + 0.81 * 2, 1.8, 2]);
  near(generalisedAdvantages(rewards, values, { gamma: 0.9, lambda: 1 }), [2.62 - 0.5, 1.8 - 1.5, 2 - 1]);
});

test('whitening: mean 0, variance 1, and what differs by rounding alone stays small', () => {
  const whiten = whitening([1, 2, 3, 6]);
  near(
    [1, 2, 3, 6].map(whiten),
    [-2, -1, 0, 3].map((value) => value / Math.sqrt(3.5)),
  );
  assert.deepEqual(spreadOf([1, 2, 3, 6]), { mean: 3, variance: 3.5 });
  near([0.7, 0.7].map(whitening([0.7, 0.7])), [0, 0]);
  assert.ok(Math.abs(whitening([1, 1 + 1e-7])(1)) <= 1e-3);
});

test('explained variance: 1 where all is expected, 0 for a constant, below 0 for worse; unknown where nothing varies', () => {
  near([explainedVariance([1, 2, 4], [1, 2, 4])!, explainedVariance([7, 7, 7], [1, 2, 4])!], [1, 0]);
  // differences 2, 4, 8 instead of 1, 2, 4
  near([explainedVariance([-1, -2, -4], [1, 2, 4])!], [1 - 4]);
  assert.equal(explainedVariance([1, 2], [3, 3]), null);
});

test('value losses by hand: the larger error counts, and is not followed beyond the clip', () => {
  scope(() => {
    const f64 = (values: readonly number[]) => tensor(values, { dtype: 'float64' });
    // V − V_old = .1 (within), .5 towards R, .5 away from it, −.5 towards it
    const values = f64([1.1, 1.5, 1.5, 0.5]);
    values.requiresGrad = true;
    const [old, returns] = [f64([1, 1, 1, 1]), f64([2, 2, 0, 0])];
    const { terms, clipped } = valueLosses(values, old, returns, 0.2);
    // clipped values: 1.1, 1.2, 1.2, .8; errors .9, .8 (free .5), 1.5 (clipped 1.2), .8 (free .5)
    near(toArray(terms), [0.405, 0.32, 1.125, 0.32]);
    assert.deepEqual(toArray(clipped).map(Number), [0, 1, 0, 1]);
    terms.sumAll().backward();
    near(toArray(values.grad!), [-0.9, 0, 1.5, 0]);
    const free = valueLosses(values.detach(), old, returns, false);
    near(toArray(free.terms), [0.405, 0.125, 1.125, 0.125]);
    assert.deepEqual(toArray(free.clipped).map(Number), [0, 0, 0, 0]);
  });
});

/** Softmax over three tokens: probabilities and their logarithms. */
function policy(logits: readonly number[]) {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const p = logits.map((logit) => Math.exp(logit) / total);
  return { p, logp: p.map(Math.log) };
}

/** Answers of two tokens of three: logits of the first, then of the second after each first. */
type Logits = readonly (readonly number[])[];
const now: Logits = [
  [0.3, -0.8, 1.1],
  [0.5, 0.1, -0.7],
  [-1.2, 0.4, 0.9],
  [0.2, 0.2, -0.1],
];
const before: Logits = [
  [-0.2, 0.4, 0.1],
  [0.9, -0.3, 0.2],
  [0.1, 0.1, -0.5],
  [-0.6, 0.8, 0.3],
];
const pairs = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [a, b] as const));

function divergence(logits: Logits): number {
  const [own, reference] = [logits.map(policy), before.map(policy)];
  return pairs.reduce((sum, [a, b]) => {
    const log = own[0]!.logp[a]! + own[1 + a]!.logp[b]! - reference[0]!.logp[a]! - reference[1 + a]!.logp[b]!;
    return sum + own[0]!.p[a]! * own[1 + a]!.p[b]! * log;
  }, 0);
}

test('k1 in the rewards of tokens: the expected gradient of the loss is β times that of the enumerated divergence', () => {
  const beta = 0.3;
  const [own, reference] = [now.map(policy), before.map(policy)];
  const gradient = now.map(() => [0, 0, 0]);
  for (const [a, b] of pairs) {
    const chosen = [
      [0, a],
      [1 + a, b],
    ] as const;
    const of = (all: typeof own) => chosen.map(([place, token]) => all[place]!.logp[token]!);
    const rewards = tokenRewards(0, beta, of(own), of(reference), 2);
    const advantages = generalisedAdvantages(rewards, [0, 0], { gamma: 1, lambda: 1 });
    const slopes = scope(() => {
      const f64 = (values: readonly number[]) => tensor(values, { dtype: 'float64' });
      const logp = f64(of(own));
      logp.requiresGrad = true;
      const options = { ratio: 'token', surrogate: 'clip', clipLow: 0.2, clipHigh: 0.2 } as const;
      policyTerms(logp, f64(of(own)), f64(advantages), [2], options)
        .terms.sumAll()
        .backward();
      return toArray(logp.grad!) as number[];
    });
    const chance = own[0]!.p[a]! * own[1 + a]!.p[b]!;
    for (const [t, [place, token]] of chosen.entries())
      for (const j of [0, 1, 2])
        gradient[place]![j]! += chance * slopes[t]! * ((token === j ? 1 : 0) - own[place]!.p[j]!);
  }
  for (const [place, logits] of now.entries())
    for (const j of logits.keys()) {
      const at = (by: number) =>
        divergence(now.map((row, i) => (i === place ? row.map((logit, k) => (k === j ? logit + by : logit)) : row)));
      const slope = (beta * (at(1e-5) - at(-1e-5))) / 2e-5;
      assert.ok(Math.abs(gradient[place]![j]! - slope) <= 1e-8, `${place}, ${j}: ${gradient[place]![j]}, ${slope}`);
    }
});
