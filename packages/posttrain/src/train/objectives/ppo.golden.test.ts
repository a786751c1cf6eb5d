import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack } from '../../data/types.ts';
import { scope, type Tensor, tensor, toArray } from '../../tensor/index.ts';
import { assertClose, goldenJson, gradientTolerance, valueTolerance } from '../../testing/golden.ts';
import { makeBatch } from '../batch.ts';
import type { BatchLoss } from '../objective.ts';
import { gaeCredit } from '../rollouts/gae-credit.ts';
import { withEntropies } from '../target-quantities.ts';
import { policyObjective } from './policy-objective.ts';
import { valueObjective } from './value-objective.ts';

/** OpenRLHF's advantages, policy loss and value loss on given answers of unequal length: golden/scripts/openrlhf_ppo.py. */

type Rows = readonly (readonly number[])[];

interface Fixture {
  readonly answers: readonly number[];
  readonly scores: readonly number[];
  readonly variants: Readonly<Record<string, Variant>>;
  readonly old: Rows;
  readonly reference: Rows;
  readonly values: Rows;
  readonly now: Rows;
  readonly valuesNow: Rows;
  readonly results: Readonly<Record<string, Result>>;
  readonly entropy: {
    readonly logits: Rows;
    readonly weights: readonly number[];
    readonly values: readonly number[];
    readonly gradient: Rows;
  };
}

interface Variant {
  readonly gamma: number;
  readonly lambd: number;
  readonly beta: number;
  readonly low: number;
  readonly high: number;
  readonly clip: number | null;
}

interface Result {
  readonly advantages: Rows;
  readonly returns: Rows;
  readonly policyLoss: number;
  readonly policyGradient: Rows;
  readonly clipped: number;
  readonly valueLoss: number;
  readonly valueGradient: Rows;
  readonly valuesClipped: number;
}

const fixture = goldenJson<Fixture>('policy/openrlhf.json');
const f32 = (list: readonly number[]) => Float32Array.from(list);
const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;

function credit({ gamma, lambd, beta }: Variant) {
  return gaeCredit({ gamma, lambda: lambd, beta, whiten: true }).credit(
    fixture.answers.map((tokens, i) => ({
      ...{ group: i, tokens, reward: fixture.scores[i]!, learnt: true },
      ...{ old: f32(fixture.old[i]!), reference: f32(fixture.reference[i]!), values: f32(fixture.values[i]!) },
    })),
  );
}

/** Loss, its gradient, and metrics, at values of all tokens. */
function at(values: Rows, weight: number, lossOf: (leaf: Tensor) => BatchLoss) {
  const leaf = tensor(values.flat());
  leaf.requiresGrad = true;
  const { sum, metrics } = lossOf(leaf);
  const loss = sum.div(weight);
  loss.backward();
  return { loss: loss.item(), gradient: leaf.grad!, metrics };
}

for (const [name, variant] of Object.entries(fixture.variants)) {
  const expected = fixture.results[name]!;

  test(`${name}: advantages and returns are OpenRLHF’s`, () =>
    scope(() => {
      const { answers } = credit(variant);
      const all = (of: (answer: (typeof answers)[number]) => Float32Array) =>
        tensor(answers.flatMap((answer) => [...of(answer)]));
      assertClose(
        all((answer) => answer.advantages),
        tensor(expected.advantages.flat()),
        valueTolerance,
        'advantages',
      );
      assertClose(
        all((answer) => answer.valued!.returns),
        tensor(expected.returns.flat()),
        valueTolerance,
        'returns',
      );
    }));

  test(`${name}: policy loss, value loss and their gradients are OpenRLHF’s`, () =>
    scope(() => {
      const { answers } = credit(variant);
      const packs = fixture.answers.map((count, i): Pack => {
        const weights = Float32Array.from({ length: count + 1 }, (_, t) => (t === 0 ? 0 : 1));
        const rollout = {
          ...{ advantages: answers[i]!.advantages, sampled: f32(fixture.old[i]!), old: f32(fixture.old[i]!) },
          ...{ reference: f32(fixture.reference[i]!), valued: answers[i]!.valued },
        };
        return [{ tokens: new Int32Array(count + 1), weights, origin: { file: 'openrlhf', line: i }, rollout }];
      });
      const batch = makeBatch(packs);
      const { low: clipLow, high: clipHigh, clip } = variant;
      const policy = policyObjective('ppo', {
        ...{ ratio: 'token', surrogate: 'clip', clipLow, clipHigh, temperature: 1, mean: 'token', longest: 12 },
        ...{ divergence: null, correction: 'none', correctionCap: 2, entropy: 0 },
      });
      const learnt = at(fixture.now, policy.weight(packs), (logp) => policy.loss(logp, batch));
      assert.ok(Math.abs(learnt.loss - expected.policyLoss) <= 1e-6, `${learnt.loss}, ${expected.policyLoss}`);
      assertClose(learnt.gradient, tensor(expected.policyGradient.flat()), gradientTolerance, 'd loss / d log π');
      assert.ok(Math.abs(mean(learnt.metrics['clipped']!) - expected.clipped) <= 1e-6);

      const value = valueObjective({ clipValue: clip ?? false });
      const valued = at(fixture.valuesNow, value.weight(packs), (values) => value.loss(values, batch));
      assert.ok(Math.abs(valued.loss - expected.valueLoss) <= 2e-6, `${valued.loss}, ${expected.valueLoss}`);
      assertClose(valued.gradient, tensor(expected.valueGradient.flat()), gradientTolerance, 'd loss / d V');
      const total = fixture.answers.reduce((sum, count) => sum + count, 0);
      assert.ok(Math.abs(mean(valued.metrics['valueClipped']!) - expected.valuesClipped / total) <= 1e-9);
    }));
}

test('entropies and their gradient are OpenRLHF’s', () =>
  scope(() => {
    const { logits, weights, values, gradient } = fixture.entropy;
    const leaf = tensor(logits.flat()).view([logits.length, -1]).detach();
    leaf.requiresGrad = true;
    const { entropy } = withEntropies(
      leaf,
      tensor(
        logits.map(() => 0),
        { dtype: 'int64' },
      ),
    );
    assertClose(entropy.detach(), tensor(values), valueTolerance, 'entropies');
    entropy.mul(tensor(weights)).sumAll().backward();
    assertClose(leaf.grad!.view([-1]), tensor(gradient.flat()), gradientTolerance, 'd entropy / d logits');
    assert.equal(toArray(entropy).length, 6);
  }));
