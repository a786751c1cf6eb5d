import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scorePocketAnswer } from '../scoring/index.ts';
import { palette } from '../support/terminal/colours.ts';
import { type Answered, type Answers, quickstartTable, renderExamples, renderTable } from './quickstart-report.ts';

const gold = { answer: 'keten year 1724 [2] .', entity: 'keten', attribute: 'year', value: '1724', citation: '[2]' };
const unstated = { ...gold, answer: 'keten year not stated .', value: null, citation: null };

function answered(text: string, expected: typeof gold | typeof unstated): Answered {
  const score = scorePocketAnswer({ text, ended: true }, expected);
  return { id: 'x', question: 'what is keten year ?', gold: expected.answer, answer: text, score };
}

const before: Answers = {
  closed: [answered('nonsense', gold)],
  'closed-held-out': [],
  grounded: [answered('a b', gold), answered(unstated.answer, gold)],
  unanswerable: [answered('keten year 1724 .', unstated)],
};
const after: Answers = {
  closed: [answered(gold.answer, gold)],
  'closed-held-out': [],
  grounded: [answered(gold.answer, gold), answered('keten year 1724 [1] .', gold)],
  unanswerable: [answered(unstated.answer, unstated)],
};

test('each line counts its own tasks and verdict', () => {
  const counts = quickstartTable(before, after).map((row) => [row.items, row.before.successes, row.after.successes]);
  assert.deepEqual(counts, [
    [4, 2, 4], // well-formed: "not stated" and the value without source are, before
    [1, 0, 1],
    [1, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
    [2, 0, 1], // the second answer cites the wrong source
    [2, 0, 1],
    [2, 0, 2],
    [2, 0, 1],
    [1, 0, 1],
    [2, 1, 0],
  ]);
});

test('shares stand with their intervals, and a dash where nothing was asked', () => {
  const text = renderTable(quickstartTable(before, after), palette(false), 120);
  // Wilson for 2 of 4: centre 1/2, half width z/√(n + z²)/2 = 1.96 / (2 √7.84) = 0.35.
  assert.match(text, /well-formed answers +4 +50\.0 \[15\.0, +85\.0\] +100\.0 \[51\.0, 100\.0\]/);
  assert.match(text, /facts no question of which was trained +0 +– +–/);
});

test('examples show question, right answer, before and after', () => {
  const text = renderExamples(before, after, palette(false), 80);
  assert.equal(
    text.split('\n\n')[0],
    [
      'question    what is keten year ?',
      'right       keten year 1724 [2] .',
      'before    ✗ nonsense',
      'after     ✓ keten year 1724 [2] .',
    ].join('\n'),
  );
  assert.equal(text.split('\n\n').length, 3, 'a task without items has no example');
});
