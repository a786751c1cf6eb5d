import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, toArray } from '../../tensor/index.ts';
import { attachSeeded } from '../../testing/adapted-model.ts';
import { assertNoLeak, goldenPath } from '../../testing/golden.ts';
import { PackedWeights } from '../generation/packed-weights.ts';
import { loadCausalLm } from '../load.ts';
import { adaptersOf, attachAdapters, type LoraSettings, trainedParameters } from './adapters.ts';
import { chooseTargets } from './targets.ts';

const settings: LoraSettings = { rank: 4, alpha: 6, targets: 'all-linear', dropout: 0, rankStabilized: false };
const tiny = goldenPath('tiny/untied');
const names = [
  'model.layers.0.self_attn.q_proj',
  'model.layers.0.mlp.up_proj',
  'model.layers.10.self_attn.q_proj',
  'model.layers.10.mlp.up_proj',
];

test('targets: a list by ends of names, a text by whole names, all-linear', () => {
  assert.deepEqual(chooseTargets('all-linear', names), names);
  assert.deepEqual(chooseTargets(['q_proj'], names), [names[0], names[2]]);
  assert.deepEqual(chooseTargets(['mlp.up_proj', names[0]!], names), [names[0], names[1], names[3]]);
  assert.deepEqual(chooseTargets('model\\.layers\\.1\\d\\..*', names), [names[2], names[3]]);
  assert.deepEqual(chooseTargets('.*(q|up)_proj', names), names);
});

test('targets that choose nothing are refused with the names there are', () => {
  for (const targets of [['q_proj', 'proj'], 'q_proj', ['Q_proj']] as const)
    assert.throws(() => chooseTargets(targets, names), { code: 'recipe-invalid', help: /\[q_proj, up_proj\]/ });
  assert.throws(() => chooseTargets(['q_proj', 'proj'], names), { message: /"proj"/ });
  assert.throws(() => chooseTargets('q_proj(', names), { code: 'recipe-invalid', message: /regular expression/ });
});

test('A is uniform in ±1/√in, B zero, each drawn from the seed and its name alone', () =>
  assertNoLeak(() => {
    const drawn = (targets: LoraSettings['targets'], seed: number) => {
      using model = loadCausalLm(tiny).model;
      attachAdapters(model, { ...settings, targets }, seed);
      return new Map([...adaptersOf(model)].map(([name, { a, b }]) => [name, [toArray(a), toArray(b)] as const]));
    };
    const all = drawn('all-linear', 1);
    const values = [...all.values()].flatMap(([a]) => a);
    using model = loadCausalLm(tiny).model;
    const bound = 1 / Math.sqrt(model.dimensions.width);
    assert.ok(all.size === 7 * model.dimensions.layers);
    const [q] = all.get('model.layers.1.self_attn.q_proj')!;
    assert.ok(q.every((x) => Math.abs(x) <= bound) && Math.max(...q.map(Math.abs)) > 0.9 * bound);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    assert.ok(Math.abs(mean) < 0.1 * bound, `mean ${mean}`);
    assert.ok([...all.values()].every(([, b]) => b.every((x) => x === 0)));
    assert.deepEqual(
      drawn(['q_proj'], 1).get('model.layers.1.self_attn.q_proj'),
      all.get('model.layers.1.self_attn.q_proj'),
    );
    assert.notDeepEqual(
      drawn(['q_proj'], 2).get('model.layers.1.self_attn.q_proj'),
      all.get('model.layers.1.self_attn.q_proj'),
    );
  }));

test('the scale is alpha/rank, or alpha/√rank', () => {
  for (const [rankStabilized, scale] of [
    [false, 1.5],
    [true, 3],
  ] as const) {
    using model = loadCausalLm(tiny).model;
    attachAdapters(model, { ...settings, rankStabilized }, 1);
    for (const lora of adaptersOf(model).values()) assert.equal(lora.scale, scale);
  }
});

test('adapters alone are trained, and a model that has them is not decoded by packed weights that lack them', () =>
  assertNoLeak(() =>
    scope(() => {
      using model = loadCausalLm(goldenPath('tiny/tied')).model;
      assert.equal(trainedParameters(model).length, model.parameters().length);
      using packed = PackedWeights.of(model);
      assert.ok(packed);
      attachSeeded(model, { ...settings, targets: ['o_proj'] });
      assert.deepEqual(
        trainedParameters(model).map(([name]) => name),
        [...model.blocks.keys()].flatMap((i) =>
          ['a', 'b'].map((part) => `model.layers.${i}.self_attn.o_proj.lora.${part}`),
        ),
      );
      assert.equal(PackedWeights.of(model), null);
    }),
  ));
