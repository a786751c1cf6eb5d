import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { JsonlLog, readJsonl } from './jsonl-log.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'jsonl-'));
});
after(() => rmSync(folder, { recursive: true }));

test('rows come back as they were appended; NaN is unknown, and unknown is null', () => {
  const path = join(folder, 'plain.jsonl');
  const log = new JsonlLog(path);
  log.append({ a: 1, text: 'zwei\nZeilen' });
  log.append({ a: Number.NaN });
  log.close();
  assert.equal(readFileSync(path, 'utf8'), '{"a":1,"text":"zwei\\nZeilen"}\n{"a":null}\n');
  assert.deepEqual(readJsonl(path), { rows: [{ a: 1, text: 'zwei\nZeilen' }, { a: null }], torn: 0 });
  assert.deepEqual(readJsonl(join(folder, 'none.jsonl')), { rows: [], torn: 0 });
});

test('a torn last line, cut at any byte, is closed off and counted, and the next row is whole', () => {
  const whole = '{"step":1}\n{"step":2,"text":"é"}\n';
  const bytes = Buffer.byteLength(whole);
  for (let cut = 12; cut < bytes; cut++) {
    const path = join(folder, `cut-${cut}.jsonl`);
    writeFileSync(path, whole);
    truncateSync(path, cut);
    assert.deepEqual(readJsonl(path).rows, [{ step: 1 }], `a reader at byte ${cut}`);
    const log = new JsonlLog(path);
    log.append({ step: 3 });
    log.close();
    // Cut before its line feed only, the second row is complete.
    const rows = cut === bytes - 1 ? [{ step: 1 }, { step: 2, text: 'é' }, { step: 3 }] : [{ step: 1 }, { step: 3 }];
    assert.deepEqual(readJsonl(path), { rows, torn: cut === bytes - 1 ? 0 : 1 }, `cut at byte ${cut}`);
  }
});

test('a writer killed at any time leaves consecutive rows, and readers beside it see nothing else', async () => {
  const path = join(folder, 'killed.jsonl');
  const module = JSON.stringify(new URL('./jsonl-log.js', import.meta.url).href);
  const program = `const { JsonlLog } = await import(${module}); const log = new JsonlLog(${JSON.stringify(path)});
    for (let i = 0; ; i++) log.append({ i, filler: 'x'.repeat(i % 5000) });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const consecutive = () => {
    const { rows, torn } = readJsonl(path);
    assert.deepEqual(
      rows.map((row) => row['i']),
      Array.from(rows, (_, i) => i),
    );
    assert.equal(torn, 0);
    return rows.length;
  };
  while (consecutive() < 100) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const count = consecutive();
  const log = new JsonlLog(path);
  log.append({ i: 'next' });
  log.close();
  assert.deepEqual(readJsonl(path).rows.slice(count).at(-1), { i: 'next' });
});

test('lines that are no object are counted, not returned', () => {
  const path = join(folder, 'odd.jsonl');
  appendFileSync(path, '{"a":1}\n[1]\nnull\n{"a"\n{"a":2}\n');
  assert.deepEqual(readJsonl(path), { rows: [{ a: 1 }, { a: 2 }], torn: 3 });
});

test('a full disk is disk-full, a missing folder file-unwritable', {
  skip: process.platform === 'linux' ? false : 'needs /dev/full',
}, () => {
  const path = join(folder, 'full.jsonl');
  symlinkSync('/dev/full', path);
  const log = new JsonlLog(path);
  assert.throws(
    () => log.append({ a: 1 }),
    (error) =>
      PosttrainError.is(error) &&
      error.code === 'disk-full' &&
      error.format() ===
        `${path} cannot be written: the disk is full.\n  help: free some space, or lower every.keep, then resume the run.`,
  );
  writeFileSync(join(folder, 'file'), '');
  assert.throws(
    () => new JsonlLog(join(folder, 'file/x.jsonl')),
    /file\/x\.jsonl cannot be written: a part of the path is a file\./,
  );
});
