import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { readForgetting } from './forgetting.ts';

test('a run without a report has none; one that is damaged or of another version is an error', (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'forgetting.json');
  assert.equal(readForgetting(dir), null);
  writeFileSync(path, '{"version": 1, "status": "begun"}');
  assert.equal(readForgetting(dir)!.status, 'begun');
  writeFileSync(path, '{"version": 2}');
  assert.throws(() => readForgetting(dir), {
    code: 'file-unreadable',
    message: `${path} has version 2, and this posttrain reads version 1.`,
  });
  writeFileSync(path, '{"version"');
  assert.throws(() => readForgetting(dir), { code: 'file-unreadable' });
});
