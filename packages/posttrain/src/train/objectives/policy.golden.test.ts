import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pack } from '../../data/types.ts';
import { type CausalLm, loadCausalLm } from '../../models/index.ts';
import { noGrad, scope, type Tensor, tensor } from '../../tensor/index.ts';
import {
  assertClose,
  assertNoLeak,
  goldenJson,
  goldenPath,
  gradientTolerance,
  withTensors,
} from '../../testing/golden.ts';
import { backward } from '../backward.ts';
import { makeBatch } from '../batch.ts';
import { tokenLogps } from '../row-logps.ts';
import { gradientNorm } from '../trainable.ts';
import { type PolicyObjectiveOptions, policyObjective } from './policy-objective.ts';

/** TRL's losses on given rollouts of unequal length, in two epochs: golden/scripts/trl_policy.py. */

interface Variant {
  readonly loss?: 'grpo' | 'dapo' | 'dr_grpo' | 'cispo';
  readonly level?: 'sequence';
  readonly low?: number;
  readonly high?: number;
  readonly beta?: number;
  readonly corrected?: boolean;
  readonly rloo?: boolean;
}

interface Fixture {
  readonly temperature: number;
  readonly longest: number;
  readonly prompts: readonly number[];
  readonly answers: readonly number[];
  readonly advantages: readonly number[];
  readonly rows: readonly (readonly number[])[];
  readonly reference: readonly (readonly number[])[];
  /** Log of trainer over sampler probability. */
  readonly sampledApart: readonly (readonly number[])[];
  readonly variants: Readonly<Record<string, Variant>>;
  readonly results: Readonly<Record<string, { losses: readonly [number, number]; lr: number; gradNorm: number }>>;
}

const fixture = goldenJson<Fixture>('policy/trl.json');
const { temperature, longest } = fixture;

function optionsOf({ loss, level, low, high, beta, corrected, rloo }: Variant): PolicyObjectiveOptions {
  return {
    ratio: rloo ? 'product' : (level ?? 'token'),
    surrogate: loss === 'cispo' ? 'cispo' : 'clip',
    clipLow: low ?? 0.2,
    // TRL's CISPO names the largest weight itself.
    clipHigh: (high ?? 0.2) - (loss === 'cispo' ? 1 : 0),
    temperature,
    mean: rloo || loss === 'grpo' ? 'sequence' : loss === 'dr_grpo' ? 'constant' : 'token',
    longest,
    divergence: beta === undefined ? null : { beta, kind: 'k3' },
    correction: corrected ? 'truncate' : 'none',
    correctionCap: 2,
    entropy: 0,
  };
}

/** @param old null: the model is still the one that drew the answers */
function packsOf(olds: readonly Float32Array[], fresh: boolean): Pack[] {
  return fixture.rows.map((ids, i): Pack => {
    const prompt = fixture.prompts[i]!;
    const rollout = {
      advantages: new Float32Array(fixture.answers[i]!).fill(fixture.advantages[i]!),
      sampled: olds[i]!.map((old, t) => old - fixture.sampledApart[i]![t]!),
      old: fresh ? null : olds[i]!,
      reference: Float32Array.from(fixture.reference[i]!),
      valued: null,
    };
    const weights = Float32Array.from(ids, (_, t) => (t < prompt ? 0 : 1));
    return [{ tokens: Int32Array.from(ids), weights, origin: { file: 'trl', line: i }, rollout }];
  });
}

function oldsOf(values: Tensor): Float32Array[] {
  let start = 0;
  return fixture.answers.map((count) => {
    const own = Float32Array.from({ length: count }, (_, t) => values.narrow(0, start + t, 1).item());
    start += count;
    return own;
  });
}

const near = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(Math.abs(expected), 0.05),
    `${what}: ${actual}, TRL has ${expected}`,
  );

for (const [name, variant] of Object.entries(fixture.variants)) {
  const objective = policyObjective(name, optionsOf(variant));
  const { losses, lr, gradNorm } = fixture.results[name]!;

  test(`${name}: the terms of tokens are TRL’s`, () =>
    withTensors('policy/trl.safetensors', (view) =>
      scope(() => {
        const packs = packsOf(oldsOf(view(`${name}.old`)), false);
        const logp = view(`${name}.logps`).clone();
        logp.requiresGrad = true;
        const sum = objective.loss(logp, makeBatch(packs)).sum.div(objective.weight(packs));
        sum.backward();
        near(sum.item(), losses[1], 2e-5, 'loss');
        assertClose(logp.grad!, view(`${name}.terms`), gradientTolerance, 'd loss / d log π');
      }),
    ));

  test(`${name}: two epochs through the model end at TRL’s gradients`, () =>
    assertNoLeak(() => {
      const { model } = loadCausalLm(goldenPath('tiny/untied'));
      using _ = model;
      using _grad = model.requireGrad(true);
      const rows = packsOf(
        fixture.answers.map((count) => new Float32Array(count)),
        true,
      ).flat();
      const olds = tokenLogps(model, rows, { together: 2, temperature });
      const first = epoch(model, packsOf(olds, true));
      near(first, losses[0], 2e-5, 'loss of the first epoch');
      step(model, lr);
      const second = epoch(model, packsOf(olds, false));
      near(second, losses[1], 1e-4, 'loss of the second epoch');
      withTensors('policy/trl.safetensors', (view, names) =>
        scope(() => {
          const parameters = new Map(model.namedParameters());
          const prefix = `${name}.gradient.`;
          for (const key of names.filter((one) => one.startsWith(prefix)))
            assertClose(parameters.get(key.slice(prefix.length))!.grad!, view(key), 3e-4, key);
          const norm = gradientNorm([...parameters.values()].map((parameter) => parameter.grad!));
          near(norm, gradNorm, 1e-3, 'norm of the gradient');
        }),
      );
      for (const parameter of model.parameters()) parameter.grad = null;
    }));

  function epoch(model: CausalLm, packs: readonly Pack[]): number {
    const weight = objective.weight(packs);
    // In two micro-batches: accumulation is part of what is compared.
    return [packs.slice(0, 2), packs.slice(2)]
      .map(
        (micro) =>
          scope(() => backward(model, makeBatch(micro), objective, { scale: 1 / weight, recompute: false })).sum,
      )
      .reduce((sum, part) => sum + part / weight, 0);
  }
}

function step(model: CausalLm, lr: number): void {
  scope(() =>
    noGrad(() => {
      for (const parameter of model.parameters()) {
        parameter.sub_(parameter.grad!.mul(tensor([lr])));
        parameter.grad = null;
      }
    }),
  );
}
