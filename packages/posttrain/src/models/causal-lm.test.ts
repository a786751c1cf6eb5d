import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PackedAttention } from '../nn/index.ts';
import { memory, noGrad, scope, tensor } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { loadCausalLm } from './load.ts';

test('no block finds the states of earlier blocks still in memory', () => {
  using model = loadCausalLm(goldenPath('models/tiny-bpe')).model;
  assert.ok(model.blocks.length >= 2);
  const live: number[] = [];
  for (const block of model.blocks) {
    const forward = block.forward.bind(block);
    block.forward = (x, context) => {
      live.push(memory().live);
      return forward(x, context);
    };
  }
  scope(() => {
    using attention = new PackedAttention([3, 2]);
    const tokens = tensor([1, 2, 3, 4, 5], { dtype: 'int64' });
    noGrad(() => model.call(tokens, attention));
  });
  assert.deepEqual(
    live,
    live.map(() => live[0]),
  );
});
