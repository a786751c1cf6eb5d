import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { parseDelimited } from './csv.ts';
import { DataSource, numberOf, textOf, textsOf } from './data-source.ts';

function sourceOf(t: TestContext, files: Readonly<Record<string, string>>): DataSource {
  const folder = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return new DataSource(folder);
}

test('delimited text: quotes, delimiters and line ends inside them, CRLF, empty fields', () => {
  assert.deepEqual(parseDelimited('a,"b, ""c""",\r\n"x\ny",,z\n', ','), {
    rows: [
      ['a', 'b, "c"', ''],
      ['x\ny', '', 'z'],
    ],
  });
  assert.deepEqual(parseDelimited('say "hi"\t"x"\n', '\t'), { rows: [['say "hi"', '"x"']] });
  assert.deepEqual(parseDelimited('a\nb,"never', ','), { unclosedAt: 2 });
});

test('rows of every kind of file, and a record of what was read', (t) => {
  const source = sourceOf(t, {
    'a.jsonl': '{"x": 1}\n\n{"x": 2}\n',
    'b.json': '[{"x": 3}]',
    'sub/c.csv': '\uFEFFx,y\n4,"a\nb"\n',
    'd.tsv': 'x\ty\n5\t"q\n',
    'plain.csv': '6,7\n',
    'quoted.tsv': 'x\ty\n"a\tb"\tc\n',
  });
  assert.deepEqual(source.files(), ['a.jsonl', 'b.json', 'd.tsv', 'plain.csv', 'quoted.tsv', 'sub/c.csv']);
  assert.deepEqual(source.rows('a.jsonl'), [{ x: 1 }, { x: 2 }]);
  assert.deepEqual(source.rows('b.json'), [{ x: 3 }]);
  assert.deepEqual(source.rows('sub/c.csv'), [{ x: '4', y: 'a\nb' }]);
  assert.deepEqual(source.rows('d.tsv'), [{ x: '5', y: '"q' }]);
  assert.deepEqual(source.rows('quoted.tsv', { quotes: true }), [{ x: 'a\tb', y: 'c' }]);
  assert.deepEqual(source.rows('plain.csv', { columns: ['l', 'r'] }), [{ l: '6', r: '7' }]);
  assert.equal(source.read.length, 6);
  assert.match(source.read[0]!.sha256, /^[0-9a-f]{64}$/);
});

test('what cannot be read says where', (t) => {
  const source = sourceOf(t, { 'a.jsonl': '{"x": 1}\n{x}\n', 'b.csv': 'x,y\n1\n', 'c.txt': 'x', 'd.json': '{}' });
  const place = (name: string, line: number) => ({ file: join(source.path, name), line });
  assert.throws(() => source.rows('a.jsonl'), { code: 'data-invalid', place: place('a.jsonl', 2) });
  assert.throws(() => source.rows('b.csv'), { message: 'row 1 has 1 fields instead of 2.', place: place('b.csv', 2) });
  assert.throws(() => source.rows('c.txt'), { message: /c\.txt is neither \.jsonl, \.json, \.csv nor \.tsv\.$/ });
  assert.throws(() => source.rows('d.json'), { message: 'the file holds no JSON array.' });
  assert.throws(() => source.rows('e.json'), {
    code: 'file-missing',
    help: /holds a\.jsonl, b\.csv, c\.txt, d\.json\./,
  });
  assert.throws(() => source.rows('../e.json'), { message: /leads out of/ });
  assert.throws(() => source.rows(), { message: /is a folder; one of its files is needed\.$/ });
  assert.throws(() => new DataSource('/nonexistent/x'), { message: 'There is no file or folder /nonexistent/x.' });
});

test('a row without a key, or with another kind of value, names the keys it has', () => {
  const row = { text: 'a', n: '3', many: ['x'] };
  assert.equal(numberOf(row, 'n'), 3);
  assert.deepEqual(textsOf(row, 'many'), ['x']);
  assert.throws(() => textOf(row, 'txt'), {
    message: '"txt" is missing, and text is needed.',
    help: 'the row has "text", "n", "many".',
  });
  assert.throws(() => numberOf(row, 'text'), { message: '"text" is "a", and a number is needed.' });
  assert.throws(() => textsOf(row, 'text'), { message: '"text" is "a", and a list of texts is needed.' });
});
