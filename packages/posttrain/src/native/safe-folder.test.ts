import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './fake-wheel.test.fixture.ts';
import { makePrivateFolder, privacyProblem } from './safe-folder.ts';

const me = process.getuid?.();
const skip = me === undefined ? 'file modes and owners are POSIX' : false;

test('a folder made private is writable by its owner alone, whatever the umask', { skip }, (t) => {
  const old = process.umask(0);
  t.after(() => process.umask(old));
  const folder = join(temporaryFolder(t), 'a', 'b');
  makePrivateFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(privacyProblem(folder), null);
});

test('a folder writable by the group or by others is a problem, also behind a link', { skip }, (t) => {
  const root = temporaryFolder(t);
  const folder = join(root, 'folder');
  mkdirSync(folder);
  symlinkSync(folder, join(root, 'link'));
  for (const mode of [0o770, 0o702]) {
    chmodSync(folder, mode);
    for (const path of [folder, join(root, 'link')]) {
      assert.equal(privacyProblem(path), `others may write to it (mode ${mode.toString(8)})`);
    }
  }
});

test("another user's folder is a problem", { skip }, (t) => {
  const folder = me === 0 ? temporaryFolder(t) : '/etc';
  if (me === 0) chownSync(folder, 12345, 12345);
  const owner = me === 0 ? 12345 : 0;
  assert.equal(privacyProblem(folder), `it belongs to user ${owner}, and this process runs as user ${me}`);
});
