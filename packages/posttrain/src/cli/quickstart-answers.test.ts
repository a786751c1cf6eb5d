import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from '../support/terminal/colours.ts';
import { StatusLine } from '../support/terminal/status-line.ts';
import type { Output } from './output.ts';
import { type Answerer, answerItems, drawItems } from './quickstart-answers.ts';
import { quickstartTasks } from './quickstart-report.ts';

const status = new StatusLine({ stream: { write: () => {} } });
const output = { status, noteColours: palette(false), progress: () => {} } as unknown as Output;

test('items are spread evenly over the test split, and a large count takes them all once', () => {
  const few = drawItems(10);
  assert.deepEqual(
    few.closed.map(({ id }) => id),
    Array.from({ length: 10 }, (_, i) => `closed/test/${20 * i}`), // 200 facts
  );
  const all = drawItems(100_000);
  assert.equal(new Set(all.grounded.map(({ id }) => id)).size, all.grounded.length);
});

test('each answer is scored against its own item', async () => {
  const items = drawItems(60);
  const golds = new Map(
    quickstartTasks.flatMap((task) => items[task].map(({ messages, gold }) => [messages[0].content, gold.answer])),
  );
  let calls = 0;
  // Answers right, except for every question of the first call, which it does not end.
  const model: Answerer = {
    async generate(inputs) {
      const finish = calls++ === 0 ? 'length' : 'stop';
      return inputs.map((input) => ({
        text: golds.get((input[0] as { content: string }).content)!,
        tokens: [],
        finish,
      }));
    },
  };
  const answers = await answerItems(model, items, output);
  assert.deepEqual(
    quickstartTasks.map((task) => answers[task].filter(({ score }) => score.correct).length),
    [10, 60, 60, 60], // 50 go together
  );
});
