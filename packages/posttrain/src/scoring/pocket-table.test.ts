import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PocketScore, scorePocketAnswer } from './pocket.ts';
import { pocketTable, shareOf } from './pocket-table.ts';

const gold = { answer: 'keten year 1724 .', entity: 'keten', attribute: 'year', value: '1724', citation: null };
const right: PocketScore = scorePocketAnswer({ text: gold.answer, ended: true }, gold);
const wrong: PocketScore = scorePocketAnswer({ text: 'keten keten keten', ended: false }, gold);

test('a share counts the scores that meet the metric, with the Wilson interval', () => {
  const { successes, trials, share, low, high } = shareOf(
    [...Array(15).fill(right), ...Array(133).fill(wrong)],
    'exact',
  );
  assert.deepEqual([successes, trials, share], [15, 148, 15 / 148]);
  assert.deepEqual([low.toFixed(4), high.toFixed(4)], ['0.0624', '0.1605']);
  assert.equal(shareOf([], 'exact').share, null);
});

test('a table has a line per task and metric', () => {
  const rows = pocketTable({ closed: [wrong, wrong] }, { closed: [right, wrong] }, ['format', 'correct']);
  assert.deepEqual(
    rows.map((row) => [row.task, row.metric, row.before.successes, row.after.successes, row.after.trials]),
    [
      ['closed', 'format', 0, 1, 2],
      ['closed', 'correct', 0, 1, 2],
    ],
  );
  assert.ok(rows.every((row) => row.difference.low < 0.5 && row.difference.high > 0.5));
});

test('different items before and after are refused', () => {
  assert.throws(() => pocketTable({ closed: [wrong] }, { closed: [] }), {
    code: 'usage',
    message: 'task closed has 1 scores before and 0 after.',
    help: 'score the same items with both models',
  });
});
