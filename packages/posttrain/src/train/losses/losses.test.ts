import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { type DpoOptions, dpoLosses } from './dpo.ts';
import { ktoBaseline, ktoLosses } from './kto.ts';
import { oddsRatioLosses } from './orpo.ts';
import { rewardLosses } from './reward-model.ts';
import { simpoLosses } from './simpo.ts';

/** Values of a loss, and the gradient of their sum with respect to each input. */
function measure(loss: (...inputs: Tensor[]) => Tensor, ...inputs: number[][]) {
  return scope(() => {
    const leaves = inputs.map((values) => {
      const leaf = tensor(values, { dtype: 'float64' });
      leaf.requiresGrad = true;
      return leaf;
    });
    const values = loss(...leaves);
    values.sumAll().backward();
    return { values: toArray(values) as number[], gradients: leaves.map((leaf) => toArray(leaf.grad!) as number[]) };
  });
}

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-9): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - expected[i]!) <= tolerance, `[${i}]: ${value}, expected ${expected[i]}`);
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const dpo = (options: Partial<DpoOptions>) => (chosen: Tensor, rejected: Tensor) =>
  dpoLosses(chosen, rejected, { loss: 'sigmoid', beta: 0.5, labelSmoothing: 0, ...options });

test('DPO at the reference is log 2, and pulls both answers by β/2', () => {
  const { values, gradients } = measure(dpo({}), [0], [0]);
  near(values, [Math.LN2]);
  near(gradients[0]!, [-0.25]);
  near(gradients[1]!, [0.25]);
});

test('DPO: h = 3 with β = ½', () => {
  // βh = 1.5: −log σ(1.5) = log(1 + e^−1.5) = .2014132779827524; d/dh = −β σ(−1.5)
  const { values, gradients } = measure(dpo({}), [1], [-2]);
  near(values, [0.2014132779827524]);
  near(gradients[0]!, [-0.5 * sigmoid(-1.5)]);
});

test('cDPO: a tenth of the labels turned', () => {
  // .9 · .2014132779827524 + .1 · (.2014132779827524 + 1.5)
  near(measure(dpo({ labelSmoothing: 0.1 }), [1], [-2]).values, [0.3514132779827524]);
});

test('robust DPO is unbiased: over labels flipped with ε its mean is the clean loss', () => {
  const robust = dpo({ loss: 'robust', labelSmoothing: 0.2 });
  const [right] = measure(robust, [1], [-2]).values as [number];
  const [flipped] = measure(robust, [-2], [1]).values as [number];
  near([0.8 * right + 0.2 * flipped], [0.2014132779827524]);
});

test('IPO is 0 at a lead of 1/(2β), and quadratic about it', () => {
  const ipo = dpo({ loss: 'ipo', beta: 0.25 });
  near(measure(ipo, [2, 3], [0, 0]).values, [0, 1]);
  near(measure(ipo, [3], [0]).gradients[0]!, [2]);
});

test('hinge: nothing is asked beyond a lead of 1/β', () => {
  const { values, gradients } = measure(dpo({ loss: 'hinge' }), [1, 3], [0, 0]);
  near(values, [0.5, 0]);
  near(gradients[0]!, [-0.5, 0]);
});

test('KTO: good and bad answers by hand, weighted, with no gradient where the answer stands far off', () => {
  // β(r − z₀) = .5·(1 − .4) = .3 and .5·(.4 + 1) = .7
  const loss = (ratios: Tensor) =>
    ktoLosses(ratios, tensor([1, 0], { dtype: 'float64' }), 0.4, {
      beta: 0.5,
      desirableWeight: 2,
      undesirableWeight: 3,
    });
  const { values, gradients } = measure(loss, [1, -1]);
  near(values, [2 * (1 - sigmoid(0.3)), 3 * (1 - sigmoid(0.7))]);
  near(gradients[0]!, [-2 * 0.5 * sigmoid(0.3) * sigmoid(-0.3), 3 * 0.5 * sigmoid(0.7) * sigmoid(-0.7)]);
});

test('KTO’s baseline is a mean that is never below 0', () => {
  assert.equal(ktoBaseline([1, 2, -0.6]), 0.7999999999999999);
  assert.equal(ktoBaseline([-1, 0.5]), 0);
});

test('ORPO: p = ½ against p = ¼ are odds of 1 and ⅓', () => {
  // log odds differ by log 3: −log σ(log 3) = log(4/3); d/d log p = −σ(−log 3) / (1 − p) = −¼ · 2
  const { values, gradients } = measure(oddsRatioLosses, [Math.log(0.5)], [Math.log(0.25)]);
  near(values, [Math.log(4 / 3)]);
  near(gradients[0]!, [-0.5]);
  near(gradients[1]!, [0.25 / 0.75]);
});

test('ORPO stays finite where an answer is certain', () => {
  const { values, gradients } = measure(oddsRatioLosses, [0, -1], [-40, 0]);
  assert.ok([...values, ...gradients.flat()].every(Number.isFinite), `${values} ${gradients}`);
});

test('SimPO: a lead of γ/β is where the loss is log 2', () => {
  const loss = (chosen: Tensor, rejected: Tensor) => simpoLosses(chosen, rejected, { beta: 2, margin: 1 });
  near(measure(loss, [-1], [-1.5]).values, [Math.LN2]);
  near(measure(loss, [-1], [-2]).values, [Math.log(1 + Math.exp(-1))]);
});

test('reward model: margin and centring by hand', () => {
  // −log σ(2 − 1 − .5) + .01·3² = log(1 + e^−.5) + .09
  const loss = (chosen: Tensor, rejected: Tensor) =>
    rewardLosses(chosen, rejected, tensor([0.5], { dtype: 'float64' }), { centring: 0.01 });
  const { values, gradients } = measure(loss, [2], [1]);
  near(values, [Math.log(1 + Math.exp(-0.5)) + 0.09]);
  near(gradients[0]!, [-sigmoid(-0.5) + 0.06]);
});

test('every loss is finite at extreme log-probabilities', () => {
  const extreme: [number[], number[]] = [
    [-1e4, 0, -1e4],
    [0, -1e4, -1e4],
  ];
  const losses = {
    sigmoid: dpo({}),
    robust: dpo({ loss: 'robust', labelSmoothing: 0.1 }),
    hinge: dpo({ loss: 'hinge' }),
    ipo: dpo({ loss: 'ipo' }),
    orpo: oddsRatioLosses,
    simpo: (a: Tensor, b: Tensor) => simpoLosses(a, b, { beta: 2, margin: 1 }),
  };
  for (const [name, loss] of Object.entries(losses)) {
    const { values, gradients } = measure(loss, ...extreme);
    assert.ok([...values, ...gradients.flat()].every(Number.isFinite), `${name}: ${values} ${gradients}`);
  }
});
