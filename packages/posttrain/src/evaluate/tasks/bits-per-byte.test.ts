import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bitsPerByte, cutAtBlankLines, domainBitsPerByte } from './bits-per-byte.ts';
import { docsOf, runSample } from './sample-run.test.support.ts';

test('bits per byte is one ratio over all texts, in UTF-8 bytes', async (t) => {
  // 4 words and 22 bytes at −12 nats, 6 words and 35 bytes at −20: 32 / 57 / ln 2 and exp(32 / 10).
  const texts = ['Olo lives in Tarnnnnn.', 'Mara is a baker in the old tøwn...'];
  assert.deepEqual(
    texts.map((text) => Buffer.byteLength(text)),
    [22, 35],
  );
  const files = { 'rows.jsonl': texts.map((text) => ({ text })) };
  const docs = await docsOf(t, bitsPerByte, files);
  assert.deepEqual(bitsPerByte.request(docs[0]), { kind: 'rolling', text: texts[0] });
  const { figures, result } = await runSample(t, bitsPerByte, files, {
    logp: (_, text) => (text === texts[0] ? -12 : -20),
  });
  assert.ok(Math.abs(figures['bits_per_byte']! - 0.809934) < 1e-6);
  assert.ok(Math.abs(figures['word_perplexity']! - Math.exp(32 / 12)) < 1e-9);
  assert.equal(result.metrics[0]!.chance, 8);
});

test('texts of probability 1 come from no model: the figure is invalid, not perfect', async (t) => {
  const files = { 'rows.jsonl': ['one', 'two', 'three'].map((text) => ({ text })) };
  const { figures, result } = await runSample(t, bitsPerByte, files, { logp: (_, text) => (text === 'one' ? -1 : 0) });
  assert.ok(figures['bits_per_byte']! < 0.2);
  assert.equal(result.invalid, '2 of 3 texts have probability 1');
  const sure = await runSample(t, bitsPerByte, files, { logp: (_, text) => (text === 'one' ? 0 : -1) });
  assert.equal(sure.result.invalid, null);
});

test('a text file is cut behind blank lines, and nothing of it is lost', () => {
  const paragraph = `${'word '.repeat(500)}\n`;
  const text = `\n\n${paragraph}\n \n${paragraph}\n${'x'.repeat(9000)}\n${paragraph}\n\n\n`;
  const pieces = cutAtBlankLines(text);
  assert.equal(pieces.join(''), text);
  assert.deepEqual(
    pieces.map((piece) => piece.length >= 4000),
    [true, true],
  );
  assert.ok(pieces.slice(0, -1).every((piece) => /\n\s*\n\s*$/.test(piece)));
  assert.deepEqual(cutAtBlankLines('short'), ['short']);
  assert.deepEqual(cutAtBlankLines(''), []);
});

test('every text of a folder is read: whole files and rows, each a cluster of its own', async (t) => {
  const files = {
    'a/one.txt': 'One.',
    'a/two.md': 'Two.',
    'b.jsonl': [{ text: 'Three.' }, { text: 'Four.' }],
    'c.png': 'no',
  };
  const docs = await docsOf(t, domainBitsPerByte, files);
  assert.deepEqual(docs, [
    { file: 'a/one.txt', text: 'One.' },
    { file: 'a/two.md', text: 'Two.' },
    { file: 'b.jsonl#1', text: 'Three.' },
    { file: 'b.jsonl#2', text: 'Four.' },
  ]);
  await assert.rejects(
    docsOf(t, bitsPerByte, { 'b.jsonl': [{ body: 'x' }] }),
    /row 1 of .*: "text" is missing, and text is needed/,
  );
});
