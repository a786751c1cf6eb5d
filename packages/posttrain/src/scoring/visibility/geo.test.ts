import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { sourceVisibility } from './geo.ts';

test('the golden answer', () => {
  const answer = 'Alpha tools cut costs quickly [1]. Beta gives long warranty cover [2][3]. Gamma ships fast [1].';
  const { wordCount, position, positionAdjustedWordCount } = sourceVisibility(answer, 3);
  const expected = [
    [wordCount, [0.615385, 0.192308, 0.192308]],
    [position, [0.692804, 0.153598, 0.153598]],
    [positionAdjustedWordCount, [0.668065, 0.165967, 0.165967]],
  ] as const;
  for (const [actual, golden] of expected)
    for (const [i, share] of golden.entries()) assert.ok(agrees(actual[i]!, share), `${actual}`);
});

test('no citation gives no source a share', () => {
  assert.deepEqual(sourceVisibility('Alpha tools cut costs.', 2), {
    wordCount: [0, 0],
    position: [0, 0],
    positionAdjustedWordCount: [0, 0],
    uncited: true,
  });
  assert.deepEqual(sourceVisibility('Alpha tools cut costs [0].', 2).wordCount, [0, 0]);
});

test('words of one and two letters do not count', () => {
  // "big" and "now" against "Tarn"
  assert.deepEqual(sourceVisibility('It is so big now [1]. In Tarn [2].', 2).wordCount, [2 / 3, 1 / 3]);
});

test('one sentence: words shared evenly between its citations', () => {
  assert.deepEqual(sourceVisibility('Alpha tools cut costs [1, 2].', 2).positionAdjustedWordCount, [0.5, 0.5]);
});
