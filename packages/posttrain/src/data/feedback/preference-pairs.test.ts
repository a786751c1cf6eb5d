import assert from 'node:assert/strict';
import { test } from 'node:test';
import { origin } from '../fixtures.test.support.ts';
import { parseFeedbackRow } from './feedback-shapes.ts';
import { labelledAnswers, preferencePairs, promptHash } from './preference-pairs.ts';

const parse = (...rows: unknown[]) => rows.map((row, i) => parseFeedbackRow(row, { ...origin, line: i + 1 }));
const text = (answer: readonly { content: string }[]) => answer.map(({ content }) => content).join();
const pairs = (...rows: unknown[]) => {
  const { rows: made, ...counts } = preferencePairs(parse(...rows));
  return {
    ...counts,
    pairs: made.map(
      ({ chosen, rejected, margin }) => `${text(chosen)}>${text(rejected)}${margin ? ` by ${margin}` : ''}`,
    ),
  };
};
const labels = (...rows: unknown[]) => {
  const { rows: made, ...counts } = labelledAnswers(parse(...rows));
  return { ...counts, labels: made.map(({ answer, desirable }) => `${desirable ? '+' : '-'}${text(answer)}`) };
};

test('comparisons and edits are pairs; ties and equal answers are counted', () => {
  assert.deepEqual(
    pairs(
      { prompt: 'q', answers: ['a', 'b'], choice: 'second', margin: 2 },
      { prompt: 'q', answers: ['a', 'b'], choice: 'tie' },
      { prompt: 'q', answer: 'draft', edited: 'final' },
      { prompt: 'q', chosen: 'same', rejected: 'same' },
    ),
    { pairs: ['b>a by 2', 'final>draft'], ties: 1, unused: 1 },
  );
});

test('ratings of one prompt are compared with each other, and with no other prompt', () => {
  assert.deepEqual(
    pairs(
      { prompt: 'q', answer: 'a', score: 5 },
      { prompt: 'q', answer: 'b', score: 2 },
      { prompt: 'q', answer: 'c', score: 2 },
      { prompt: 'other', answer: 'd', score: 1 },
    ),
    { pairs: ['a>b by 3', 'a>c by 3'], ties: 0, unused: 1 },
  );
});

test('thumbs of one prompt: each that is up beats each that is down', () => {
  const rows = ['up', 'down', 'up'].map((thumb, i) => ({ prompt: 'q', answer: 'abc'[i], thumb }));
  assert.deepEqual(pairs(...rows), { pairs: ['a>b', 'c>b'], ties: 0, unused: 0 });
  assert.deepEqual(pairs(rows[0]), { pairs: [], ties: 0, unused: 1 });
});

test('labels: both sides of a comparison, thumbs, and ratings off the middle of their scale', () => {
  assert.deepEqual(
    labels(
      { prompt: 'q', chosen: 'a', rejected: 'b' },
      { prompt: 'q', answers: ['a', 'b'], choice: 'tie' },
      { prompt: 'q', answer: 'c', thumb: 'down' },
      { prompt: 'q', answer: 'd', score: 4, scale: [1, 5] },
      { prompt: 'q', answer: 'e', score: 3, scale: [1, 5] },
      { prompt: 'q', answer: 'f', score: 2, scale: [1, 5] },
      { prompt: 'q', answer: 'g', score: 2 },
    ),
    { labels: ['+a', '-b', '-c', '+d', '-f'], ties: 1, unused: 2 },
  );
});

test('a prompt is the same prompt whoever judged it, and another with other tools', () => {
  const [a, b, c] = parse(
    { prompt: 'q', chosen: 'a', rejected: 'b', annotator: 'ann' },
    { prompt: 'q', answer: 'a', thumb: 'up' },
    { prompt: 'q', answer: 'a', thumb: 'up', tools: [{ name: 'add' }] },
  );
  assert.equal(promptHash(a!), promptHash(b!));
  assert.notEqual(promptHash(a!), promptHash(c!));
});
