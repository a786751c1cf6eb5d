import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intentScore } from './out-of-scope.ts';

const row = (gold: string, predicted: string | null) => ({ gold, predicted });

test('in scope, recall and precision apart', () => {
  const score = intentScore([
    row('a', 'a'),
    row('a', 'b'),
    row('b', 'oos'),
    row('b', null),
    row('oos', 'oos'),
    row('oos', 'a'),
  ]);
  assert.deepEqual(score, { inScopeAccuracy: 0.25, outOfScopeRecall: 0.5, outOfScopePrecision: 0.5, unparseable: 1 });
});

test('a model that never says out of scope has no precision, and one that always does no accuracy', () => {
  const never = intentScore([row('a', 'a'), row('oos', 'a')]);
  assert.deepEqual([never.inScopeAccuracy, never.outOfScopeRecall, never.outOfScopePrecision], [1, 0, null]);
  const always = intentScore([row('a', 'oos'), row('oos', 'oos')]);
  assert.deepEqual([always.inScopeAccuracy, always.outOfScopeRecall, always.outOfScopePrecision], [0, 1, 0.5]);
  assert.equal(intentScore([row('oos', 'oos')]).inScopeAccuracy, null);
});
