import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GradedAnswer } from './credit.ts';
import { gaeCredit } from './gae-credit.ts';

const options = { gamma: 1, lambda: 1, beta: 0, whiten: false };
const answer = (reward: number | null, values: readonly number[], learnt = true): GradedAnswer => ({
  ...{ group: 0, tokens: values.length, reward, learnt, old: null, reference: null },
  values: Float32Array.from(values),
});

test('an answer without a reward, or that is masked, is no surprise and is in no mean', () => {
  const rule = gaeCredit({ ...options, whiten: true });
  const pair = [answer(1, [0, 0]), answer(3, [0, 0])];
  const alone = rule.credit(pair);
  const beside = rule.credit([...pair, answer(null, [5, 7, 9]), answer(100, [2], false)]);
  assert.deepEqual(beside.answers.slice(0, 2), alone.answers);
  assert.deepEqual([...alone.answers[0]!.advantages, ...alone.answers[1]!.advantages], [-1, -1, 1, 1]);
  for (const { advantages, valued } of beside.answers.slice(2)) {
    assert.deepEqual([...advantages], advantages.length === 1 ? [0] : [0, 0, 0]);
    assert.deepEqual(valued!.returns, valued!.values);
  }
  assert.deepEqual(beside.metrics, alone.metrics);
});

test('metrics by hand: values against what came', () => {
  const { metrics } = gaeCredit(options).credit([answer(1, [0.5, 0.5]), answer(3, [2, 4])]);
  // what came: 1, 1, 3, 3; values .5, .5, 2, 4; advantages .5, .5, 1, −1
  assert.equal(metrics['value'], 1.75);
  assert.deepEqual([metrics['return'], metrics['returnStd']], [2, 1]);
  assert.deepEqual([metrics['advantage'], metrics['advantageStd']], [0.25, Math.sqrt(2.5 / 4 - 0.0625)]);
  assert.equal(metrics['explainedVariance'], 1 - (2.5 / 4 - 0.0625));
  assert.equal('explainedVariance' in gaeCredit(options).credit([answer(1, [0])]).metrics, false);
});

test('without whitening returns are values and advantages', () => {
  const { answers } = gaeCredit({ ...options, lambda: 0.5 }).credit([answer(2, [0.5, 1])]);
  // δ = 1 − .5, 2 − 1
  assert.deepEqual([...answers[0]!.advantages], [1, 1]);
  assert.deepEqual([...answers[0]!.valued!.returns], [1.5, 2]);
});
