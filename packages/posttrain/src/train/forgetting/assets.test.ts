import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pocket, Tokenizer } from '../../data/index.ts';
import { resolveModelFolder } from '../../models/model-folder.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { readForgettingData } from './encode.ts';
import { settleForgetting } from './files.ts';
import { readSuite } from './read-suite.ts';
import { readNeutralText } from './read-text.ts';

/** The files that come with the package. */

const base = resolveModelFolder('pocket');

test('the pocket base brings text and suite of its own; what it asks holds in its world, and it knows every word', async () => {
  const files = settleForgetting('auto', base);
  assert.deepEqual(files, {
    text: join(base, 'forgetting', 'text.jsonl'),
    suite: join(base, 'forgetting', 'suite.jsonl'),
  });
  const { items } = await readSuite(join(base, 'forgetting', 'suite.jsonl'));
  const facts = new Map(pocket.factCloze('persons').map((fact) => [fact.prompt, fact]));
  assert.deepEqual([items.length, new Set(items.map(({ prompt }) => prompt)).size], [200, 200]);
  for (const { prompt, continuations, gold } of items) {
    const { value, values } = facts.get(prompt)!;
    assert.equal(continuations[gold], ` ${value}`);
    assert.ok(continuations.every((choice) => values.includes(choice.trim())));
  }
  // Each place is right about as often as the others.
  for (let place = 0; place < 4; place++)
    assert.ok(Math.abs(items.filter(({ gold }) => gold === place).length - 50) < 20);
  const data = await readForgettingData(files as { text: string }, await Tokenizer.load(base), {
    context: pocket.pocketContext,
    vocabulary: pocket.createWorld().vocabulary.length,
  });
  assert.equal(data.text!.unknownShare, 0);
});

test('other models are measured on 64 KB of four books; a tokenizer of other words is seen to know too little of it', async (t) => {
  const { text } = settleForgetting('auto', temporaryFolder(t)) as { text: string };
  const { windows } = await readNeutralText(text);
  const bytes = windows.reduce((sum, window) => sum + Buffer.byteLength(window.text), 0);
  assert.ok(bytes > 63 * 1024 && bytes <= 64 * 1024, `${bytes} bytes`);
  const rows = readFileSync(text, 'utf8').trimEnd().split('\n');
  // Every passage is one window, and its own document.
  assert.deepEqual(
    windows.map(({ document }) => document),
    rows.map((_, i) => i + 1),
  );
  assert.equal(new Set(rows.map((row) => (JSON.parse(row) as { book: string }).book)).size, 4);
  const pocketTokenizer = await Tokenizer.load(base);
  const data = await readForgettingData({ text }, pocketTokenizer, { context: 512, vocabulary: 100_000 });
  assert.ok(data.text!.unknownShare > 0.5, `${data.text!.unknownShare}`);
});

test('what the recipe says goes before what comes with the model', () => {
  assert.equal(settleForgetting(false, base), false);
  assert.deepEqual(settleForgetting({ text: '/own.txt' }, base), { text: '/own.txt' });
});
