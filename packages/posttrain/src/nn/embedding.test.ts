import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddingKernel, scope, tensor, toArray } from '../tensor/index.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { plainEmbedding } from './embedding.ts';

for (const [name, embed] of [
  ['kernel', embeddingKernel],
  ['plain definition', plainEmbedding],
] as const)
  test(`${name}: rows are read from the exact values, gradients are those of the rounded weight`, () =>
    assertNoLeak(() =>
      scope(() => {
        const values = tensor([1 + 2 ** -20, 2, 3, 4 + 2 ** -18], { shape: [2, 2] });
        const weight = values.toDtype('bfloat16').detach();
        weight.requiresGrad = true;
        const ids = tensor([1, 0, 1], { dtype: 'int64' });
        const rows = embed(weight, ids, values);
        assert.deepEqual(toArray(rows), [3, 4 + 2 ** -18, 1 + 2 ** -20, 2, 3, 4 + 2 ** -18]);
        rows.backward(tensor([1, 2, 4, 8, 16, 32], { shape: [3, 2] }));
        assert.deepEqual(toArray(weight.grad!), [4, 8, 17, 34]);
      }),
    ));
