import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack } from '../../data/types.ts';
import { scope, tensor, toArray } from '../../tensor/index.ts';
import { makeBatch } from '../batch.ts';
import { type PolicyObjectiveOptions, policyObjective } from './policy-objective.ts';

/** Two answers, of one and of three tokens, whose ratios are 1 and that earn nothing: what is left is the entropy. */
const packs = [1, 3].map((count, line): Pack => {
  const same = new Float32Array(count).fill(-2);
  const rollout = { advantages: new Float32Array(count), sampled: same, old: same, reference: null, valued: null };
  const weights = Float32Array.from({ length: count + 1 }, (_, t) => (t === 0 ? 0 : 1));
  return [{ tokens: new Int32Array(count + 1), weights, origin: { file: 'rows', line }, rollout }];
});

const options: PolicyObjectiveOptions = {
  ...{ ratio: 'token', surrogate: 'clip', clipLow: 0.2, clipHigh: 0.2, temperature: 1, mean: 'token', longest: 4 },
  ...{ divergence: null, correction: 'none', correctionCap: 2, entropy: 0.5 },
};

for (const [mean, expected, weight] of [
  // −½ of 1, 2, 3, 6, over four tokens; of 1 and of the mean of 2, 3, 6, over two answers; over two answers · four tokens
  ['token', -0.5 * 12, 4],
  ['sequence', -0.5 * (1 + 11 / 3), 2],
  ['constant', -0.5 * 12, 8],
] as const)
  test(`an entropy bonus lowers the loss by its weight, in the mean of the others (${mean}), and is what the metric says`, () =>
    scope(() => {
      const objective = policyObjective('ppo', { ...options, mean });
      assert.equal(objective.entropy, true);
      assert.equal(objective.weight(packs), weight);
      const logp = tensor([-2, -2, -2, -2]);
      const entropy = tensor([1, 2, 3, 6]);
      entropy.requiresGrad = true;
      const { sum, metrics } = objective.loss(logp, makeBatch(packs), entropy);
      assert.ok(Math.abs(sum.item() - expected) <= 1e-6, `${sum.item()}, expected ${expected}`);
      assert.deepEqual(metrics['entropy'], [1, 2, 3, 6]);
      sum.backward();
      const share = mean === 'sequence' ? 1 / 3 : 1;
      for (const [i, slope] of (toArray(entropy.grad!) as number[]).entries())
        assert.ok(Math.abs(slope + 0.5 * (i === 0 ? 1 : share)) <= 1e-6, `${slope}`);
      assert.equal(
        policyObjective('ppo', { ...options, entropy: 0 }).entropy,
        false,
        'and is not measured without need',
      );
    }));
