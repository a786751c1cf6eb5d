import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pearson, spearman } from './correlation.ts';
import { near } from './near.test.fixture.ts';
import { pairLogistic } from './pair-logistic.ts';

test('one feature, by hand: where l2·w = Σ x·σ(−w·x)', () => {
  // Two pairs with x = 1 and one with x = −1: the minimum is where w = 2σ(−w) − σ(w), found by bisection.
  const slope = (w: number) => w - 2 / (1 + Math.exp(w)) + 1 / (1 + Math.exp(-w));
  let [low, high] = [0, 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) high = middle;
    else low = middle;
  }
  near(pairLogistic([[[0, 1]], [[0, 1]], [[0, -1]]], 1, 1).weights[0], low, 10);
});

test('without a penalty to speak of, one feature has the log odds: three wins to one', () => {
  near(pairLogistic([[[0, 1]], [[0, 1]], [[0, 1]], [[0, -1]]], 1, 1e-9).weights[0], Math.log(3), 6);
});

test('a feature that separates all pairs is held by the penalty; one that nothing moves stays 0', () => {
  const { weights } = pairLogistic([[[1, 2]], [[1, 3]]], 3, 0.1);
  assert.ok(weights[1]! > 1 && weights[1]! < 5);
  assert.deepEqual([weights[0], weights[2]], [0, 0]);
  assert.throws(() => pairLogistic([[[0, 1]]], 1, 0), { code: 'usage', message: 'l2 is 0.' });
});

test('correlations, by hand', () => {
  near(pearson([1, 2, 3], [1, 3, 2]), 0.5, 12);
  near(spearman([10, 20, 1000], [1, 3, 2]), 0.5, 12);
  // Ranks 1.5, 1.5, 3 against 1, 2, 3: sums of squares 1.5 and 2, of products 1.5.
  near(spearman([5, 5, 9], [1, 2, 3]), 1.5 / Math.sqrt(3), 12);
  assert.equal(pearson([1, 1], [1, 2]), null);
  assert.equal(pearson([], []), null);
  assert.throws(() => pearson([1], [1, 2]), { code: 'usage' });
});
