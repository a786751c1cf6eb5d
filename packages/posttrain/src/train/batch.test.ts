import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenRow } from '../data/types.ts';
import { scope, toArray } from '../tensor/index.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { countTokens, makeBatch, weightOf } from './batch.ts';

const row = (tokens: readonly number[], weights: readonly number[], documents?: readonly number[]): TokenRow => ({
  tokens: Int32Array.from(tokens),
  weights: Float32Array.from(weights),
  origin: { file: 'rows', line: 1 },
  ...(documents ? { documents } : {}),
});

const packs = [[row([50, 51, 52, 53], [0, 0, 0.5, 1]), row([60, 61], [0, 0])], [row([70, 71, 72], [0, 2, 0], [2, 1])]];

test('a target stands at its own token and is predicted by the hidden state of the token before', () =>
  assertNoLeak(() =>
    scope(() => {
      const batch = makeBatch(packs);
      assert.deepEqual(toArray(batch.tokens), [50, 51, 52, 53, 60, 61, 70, 71, 72]);
      assert.deepEqual(toArray(batch.targets), [52, 53, 71]);
      assert.deepEqual(toArray(batch.predictors), [1, 2, 6]);
      assert.deepEqual(toArray(batch.weights), [0.5, 1, 2]);
      assert.deepEqual(
        batch.rows.map(({ start, count }) => [start, count]),
        [
          [0, 2],
          [2, 0],
          [2, 1],
        ],
      );
      assert.deepEqual([batch.tokens.dtype, batch.targets.dtype, batch.predictors.dtype], ['int64', 'int64', 'int64']);
    }),
  ));

test('attention starts anew at each row, and at each document of a row that was packed elsewhere', () =>
  assertNoLeak(() =>
    scope(() => {
      assert.deepEqual(makeBatch(packs).lengths, [4, 2, 2, 1]);
    }),
  ));

test('a step is divided by the sum of its weights, and reports its tokens and targets', () => {
  assert.equal(weightOf(packs), 3.5);
  assert.deepEqual(countTokens(packs), { tokens: 9, lossTokens: 3 });
});
