import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { readPrompts } from './prompt-rows.ts';

async function promptsOf(t: TestContext, ...rows: unknown[]) {
  const path = join(temporaryFolder(t), 'prompts.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const read = await readPrompts(path);
  return read.rows.map(({ prompt }) => prompt.map(({ role, content }) => `${role}: ${content}`));
}

test('a prompt keeps its system text, its earlier turns and its input; a last answer is left away', async (t) => {
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
    { role: 'user', content: 'c' },
    { role: 'assistant', content: 'known answer' },
  ];
  const brief = 'system: be brief';
  assert.deepEqual(
    await promptsOf(
      t,
      { prompt: 'a' },
      { system: 'be brief', prompt: 'a' },
      { system: 'be brief', messages },
      { system: 'be brief', history: [['a', 'b']], instruction: 'c', input: 'd', output: 'known answer' },
    ),
    [
      ['user: a'],
      [brief, 'user: a'],
      [brief, 'user: a', 'assistant: b', 'user: c'],
      [brief, 'user: a', 'assistant: b', 'user: c\nd'],
    ],
  );
});

test('rows without a prompt are refused by place, with what their keys may have meant', async (t) => {
  const refused = (row: unknown, message: RegExp) =>
    assert.rejects(promptsOf(t, row), (error) => PosttrainError.is(error) && message.test(error.message));
  await refused({ promt: 'a' }, /prompts\.jsonl:1: the keys "promt" hold no prompt; "promt" looks like "prompt"/);
  await refused({ messages: [{ role: 'assistant', content: 'a' }] }, /"messages" holds nothing to answer/);
  await refused({ prompt: 'a', system: 3 }, /"system" is a number, not text/);
});
