import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { countUnits, perplexities } from './perplexity.ts';
import { brierOfChoices, logSumExp, softmax } from './probabilities.ts';
import { truthfulMc1, truthfulMc2 } from './truthfulqa.ts';

test('multi-class Brier of the golden question', () => {
  assert.ok(agrees(brierOfChoices([-0.5, -1.2, -2], 1), 0.860829));
  // Uniform over k: (1 − 1/k)² + (k − 1)/k² = (k − 1)/k.
  assert.ok(agrees(brierOfChoices([-5, -5, -5, -5], 2), 0.75, 12));
  assert.equal(brierOfChoices([0, -1000], 1), 2);
});

test('softmax and log-sum-exp survive sizes that exp does not', () => {
  assert.ok(agrees(logSumExp([-2000, -2000]), -2000 + Math.LN2, 9));
  assert.deepEqual(softmax([-3000, -3000]), [0.5, 0.5]);
  assert.equal(logSumExp([]), -Infinity);
});

test('TruthfulQA MC2 of the golden question, and where exp underflows', () => {
  assert.ok(agrees(truthfulMc2([-1, -2, -1.5, -3], [1, 0, 1, 0]), 0.761481));
  assert.ok(agrees(truthfulMc2([-2000, -2000], [1, 0]), 0.5, 9));
  assert.equal(truthfulMc2([-Infinity, -3], [1, 0]), 0);
  assert.equal(truthfulMc2([-Infinity, -Infinity, -Infinity, -Infinity], [1, 0, 0, 0]), 0.25, 'no answer is likelier');
  assert.throws(() => truthfulMc2([-1], [1, 0]), { message: '1 answers have 2 labels.' });
});

test('TruthfulQA MC1: a constant model gets 1/k, and everything under compat', () => {
  assert.equal(truthfulMc1([-1, -1, -1, -1], 'share').credit, 0.25);
  assert.equal(truthfulMc1([-1, -1, -1, -1], 'first').credit, 1);
  assert.equal(truthfulMc1([-2, -1], 'share').credit, 0);
});

test('perplexities are ratios of sums', () => {
  const { wordPerplexity, bytePerplexity, bitsPerByte } = perplexities([
    { logLikelihood: -12, words: 4, bytes: 22 },
    { logLikelihood: -20, words: 6, bytes: 35 },
  ]);
  assert.ok(agrees(wordPerplexity, 24.53253));
  assert.ok(agrees(bytePerplexity, 1.753131));
  assert.ok(agrees(bitsPerByte, 0.809934));
  assert.throws(() => perplexities([]), { message: 'perplexity of 0 texts with 0 words and 0 bytes is undefined.' });
});

test('words and bytes of a text', () => {
  assert.deepEqual(countUnits(' a b\n'), { words: 2, bytes: 5 });
  assert.deepEqual(countUnits(' a b\n', 'compat:lm-eval'), { words: 4, bytes: 5 });
  assert.deepEqual(countUnits('é 😀'), { words: 2, bytes: 7 });
});
