import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptMix, promptRows } from './prompts.ts';
import { type PocketTaskName, testItems } from './tasks.ts';

const count = 3000;
const rows = promptRows(count, 7);
const tasks = Object.keys(promptMix) as PocketTaskName[];

test('every skill has its share of the prompts', () => {
  const total = Object.values(promptMix).reduce((sum, share) => sum + share, 0);
  for (const task of tasks) {
    const expected = promptMix[task]! / total;
    const share = rows.filter((row) => row.task === task).length / count;
    assert.ok(Math.abs(share - expected) < 4 * Math.sqrt((expected * (1 - expected)) / count), `${task}: ${share}`);
  }
});

test('no prompt is held out, whatever its wording, but for facts that the base knows', () => {
  const held = new Set(
    tasks.flatMap((task) =>
      (['dev', 'test'] as const).flatMap((split) => testItems(task, split).map(({ messages }) => messages[0].content)),
    ),
  );
  assert.ok(held.size > 5000);
  assert.deepEqual(
    rows.filter(({ task, prompt }) => task !== 'closed' && held.has(prompt)),
    [],
  );
});

test('the same seed gives the same prompts, a larger count only adds, another seed gives others', () => {
  assert.deepEqual(promptRows(40, 7), rows.slice(0, 40));
  assert.notDeepEqual(promptRows(40, 8), rows.slice(0, 40));
});

test('a row goes through JSON unchanged', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(rows.slice(0, 200))), rows.slice(0, 200));
});
