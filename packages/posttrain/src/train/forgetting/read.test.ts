import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../support/random.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { readSuite } from './read-suite.ts';
import { cutIntoWindows, readNeutralText } from './read-text.ts';

test('windows put together are the text, are at most 1,024 characters long, and none is blank', () => {
  const random = new Random(5);
  const pieces = ['word ', 'a', '. ', '\n', '\n\n', '😀', 'unbrokenunbrokenunbroken', '    '];
  for (let round = 0; round < 200; round++) {
    const text = Array.from({ length: random.int(1500) + 1 }, () => random.pick(pieces)).join('');
    const windows = cutIntoWindows(text);
    assert.equal(windows.join(''), text);
    for (const window of windows.slice(0, -1)) assert.ok(window.length <= 1024, String(window.length));
    if (text.trim() !== '') assert.ok(windows.every((window) => window.trim() !== '' || windows.length === 1));
    // A pair of halves that is cut in two is no longer the same UTF-8.
    assert.equal(windows.map((window) => Buffer.from(window).toString()).join(''), text);
  }
});

test('a window ends after a blank line where it can, else after a line, a sentence, a word', () => {
  const words = (count: number) => 'abcd '.repeat(count);
  const cut = (middle: string) => cutIntoWindows(`${words(150)}x${middle}${words(150)}`)[0]!.length;
  assert.equal(cut('\n\n'), 753);
  assert.equal(cut('\n'), 752);
  assert.equal(cut('. '), 753);
  assert.equal(cut(' '), 1022);
  assert.equal(cutIntoWindows('x'.repeat(1025))[0]!.length, 1024);
  assert.equal(cutIntoWindows(`${'x'.repeat(1023)}😀`)[0]!.length, 1023);
});

test('documents are the rows of a .jsonl file, or the whole of a .txt file', async (t) => {
  const folder = temporaryFolder(t);
  const rows = join(folder, 'a.jsonl');
  writeFileSync(
    rows,
    Array.from({ length: 12 }, (_, i) => `${JSON.stringify({ text: `text ${i}`, id: i })}\n`).join('\n'),
  );
  const read = await readNeutralText(rows);
  assert.deepEqual(
    read.windows.map(({ document, text }) => [document, text]),
    Array.from({ length: 12 }, (_, i) => [i + 1, `text ${i}`]),
  );
  const plain = join(folder, 'a.txt');
  writeFileSync(plain, 'Some words. '.repeat(1000));
  const { windows } = await readNeutralText(plain);
  assert.equal(windows.length, 12);
  assert.ok(windows.every(({ document }) => document === 1));
});

test('one space stands between a prompt and its answers, unless one is there', async (t) => {
  const file = join(temporaryFolder(t), 'suite.jsonl');
  const rows = [
    { prompt: 'The sky is', choices: ['blue', ' green'], gold: 0 },
    { prompt: 'The sky is ', answer: 'blue' },
    ...Array.from({ length: 8 }, () => ({ prompt: 'x', answer: 'y' })),
  ];
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n\n'));
  const { items } = await readSuite(file);
  assert.deepEqual(items.slice(0, 2), [
    { line: 1, prompt: 'The sky is', continuations: [' blue', ' green'], gold: 0 },
    { line: 3, prompt: 'The sky is ', continuations: ['blue'], gold: 0 },
  ]);
});
