import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoringGolden, skipWithoutGolden } from '../golden.test.fixture.ts';
import { bestRouge, rougeL, rougeN } from './rouge.ts';

type Triple = [number, number, number];
type Pair = { answer: string; reference: string; rouge1: Triple; rouge2: Triple; rougeL: Triple };

test('ROUGE-1, 2 and L equal rouge_score', { skip: skipWithoutGolden }, () => {
  for (const pair of scoringGolden<{ pairs: Pair[] }>('rouge.json').pairs) {
    const scores = {
      rouge1: rougeN(1, pair.answer, pair.reference),
      rouge2: rougeN(2, pair.answer, pair.reference),
      rougeL: rougeL(pair.answer, pair.reference),
    };
    for (const kind of ['rouge1', 'rouge2', 'rougeL'] as const) {
      const { precision, recall, f1 } = scores[kind];
      [precision, recall, f1].forEach((value, i) => {
        assert.ok(Math.abs(value - pair[kind][i]!) < 1e-12, `${kind} of ${JSON.stringify(pair)}: ${value}`);
      });
    }
  }
});

test('by hand: a swapped pair shares both words, one in order, and no bigram', () => {
  assert.equal(rougeN(1, 'b a', 'a b').f1, 1);
  assert.equal(rougeN(2, 'b a', 'a b').f1, 0);
  assert.equal(rougeL('b a', 'a b').f1, 0.5);
});

test('the best of several references counts', () => {
  assert.equal(bestRouge('L', 'a b', ['x', 'a b']).f1, 1);
  assert.equal(bestRouge(1, 'a b', []).f1, 0);
});
