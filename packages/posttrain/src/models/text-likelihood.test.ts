import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tokenizer } from '../data/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { fit, pairTokens, rollingWindows, shareContexts } from './text-likelihood.ts';

test('spaces at the end of the context belong to the continuation', async () => {
  const tokenizer = await Tokenizer.load(goldenPath('models/tiny-bpe'));
  const [pair] = await pairTokens(tokenizer, 'The cat ', ['sat'], 100);
  const [same] = await pairTokens(tokenizer, 'The cat', [' sat'], 100);
  assert.deepEqual(pair, same);
  assert.equal(tokenizer.decode([...pair!.context]), 'The cat');
  assert.equal(tokenizer.decode([...pair!.continuation]), ' sat');
});

test('without context the beginning token stands before', async () => {
  const tokenizer = await Tokenizer.load(goldenPath('models/babyllama-361'));
  const [pair] = await pairTokens(tokenizer, '', ['cat'], 100);
  assert.deepEqual(pair!.context, [1]);
});

test('a context too long loses its start; the last token is judged but not seen', () => {
  assert.deepEqual(fit([1, 2, 3, 4], [5, 6], 4), { context: [2, 3, 4], continuation: [5, 6], cut: 1 });
  assert.deepEqual(fit([1, 2, 3], [5, 6], 4), { context: [1, 2, 3], continuation: [5, 6], cut: 0 });
  assert.throws(() => fit([1], [1, 2, 3, 4, 5], 4), { message: 'a continuation has 5 tokens; the model sees 4.' });
});

test('windows judge each token once, the last one after as much as can be seen', () => {
  // The worked example of lm-evaluation-harness's model interface: 0 to 9 in windows of 4.
  assert.deepEqual(rollingWindows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 99, 4), [
    { context: [99], continuations: [[0, 1, 2, 3]] },
    { context: [3], continuations: [[4, 5, 6, 7]] },
    { context: [5, 6, 7], continuations: [[8, 9]] },
  ]);
  assert.deepEqual(rollingWindows([7, 8], 99, 4), [{ context: [99], continuations: [[7, 8]] }]);
  assert.deepEqual(rollingWindows([], 99, 4), []);
});

test('equal contexts are computed once', () => {
  const pair = (context: number[], continuation: number[]) => ({ context, continuation, cut: 0 });
  const { queries, place } = shareContexts([pair([1, 2], [3]), pair([1], [2]), pair([1, 2], [4])]);
  assert.deepEqual(queries, [
    { context: [1, 2], continuations: [[3], [4]] },
    { context: [1], continuations: [[2]] },
  ]);
  assert.deepEqual(place, [
    [0, 0],
    [1, 0],
    [0, 1],
  ]);
});
