import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containsAnswer, containsAnswerWords, exactMatch, normalizeAnswer, tokenF1 } from './answer-match.ts';

test('normalisation: lower case, no punctuation, no articles, single spaces', () => {
  assert.equal(normalizeAnswer('The  Olo, lives in A Tarn!'), 'olo lives in tarn');
  // Articles go as whole words only; punctuation goes first, so "a.m." is "am" and keeps its a.
  assert.equal(normalizeAnswer('Another theory at 9 a.m.'), 'another theory at 9 am');
  assert.equal(normalizeAnswer('naïve 東京 “x”'), 'naïve 東京 “x”');
});

test('exact match takes any of the golds', () => {
  assert.equal(exactMatch('The Tarn.', ['Koril', 'tarn']), 1);
  assert.equal(exactMatch('Tarn lake', ['tarn']), 0);
});

test('F1 counts shared words with repeats', () => {
  // "cat sat" of two and three words: precision 1, recall 2/3.
  assert.ok(Math.abs(tokenF1('the cat sat', 'cat sat down') - 0.8) < 1e-12);
  assert.equal(tokenF1('', ''), 1);
  assert.equal(tokenF1('', 'x'), 0);
  assert.equal(tokenF1('x', ''), 0);
  // One of two repeats is shared: precision 1/2, recall 1.
  assert.ok(Math.abs(tokenF1('x x', 'x') - 2 / 3) < 1e-12);
  assert.ok(Math.abs(tokenF1('x', 'x x') - 2 / 3) < 1e-12, 'nor is it shared twice');
  assert.equal(tokenF1('a b', ['c', 'b']), 1);
});

test('contains finds pieces of words, containsWords whole words', () => {
  assert.equal(containsAnswer('We concatenate.', 'cat'), 1);
  assert.equal(containsAnswerWords('We concatenate.', 'cat'), 0);
  assert.equal(containsAnswerWords('It is the cat, I think.', 'A cat'), 1);
  assert.equal(containsAnswer('anything', 'the'), 1, 'a gold of articles is empty, and everything contains it');
  assert.equal(containsAnswerWords('anything', 'the'), 0);
});
