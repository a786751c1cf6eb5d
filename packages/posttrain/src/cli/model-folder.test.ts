import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeCheckpoint } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { findModelFolder } from './model-folder.ts';

async function folder(t: TestContext, files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'posttrain-model-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

async function failure(target: string): Promise<PosttrainError> {
  const error: unknown = await findModelFolder(target).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(PosttrainError.is(error));
  return error;
}

test('a model folder is taken as it is, and what the library may know by its name', async (t) => {
  const root = await folder(t, { 'config.json': '{}' });
  assert.deepEqual(await findModelFolder(root), { folder: root, warnings: [] });
  for (const known of ['pocket', 'some-owner/some-model']) {
    assert.deepEqual(await findModelFolder(known), { folder: known, warnings: [] });
  }
});

test('a run folder gives its newest whole checkpoint and tells of damaged newer ones', async (t) => {
  const run = await folder(t, { 'run.json': '{}' });
  const checkpoints = join(run, 'checkpoints');
  for (const step of [9, 10, 11]) {
    await writeCheckpoint(checkpoints, step, (temporary) => writeFile(join(temporary, 'config.json'), `${step}`));
  }
  await writeFile(join(checkpoints, 'step-11', 'config.json'), '12');
  const found = await findModelFolder(run);
  assert.equal(found.folder, join(checkpoints, 'step-10'));
  assert.equal(found.warnings.length, 1);
  assert.match(found.warnings[0]!, /step-11 is passed over: config\.json has another hash/);
});

test('a run without checkpoints, another folder, and a typo say so', async (t) => {
  const root = await folder(t, { 'runs/chat-1/run.json': '{}', 'other/notes.txt': '' });
  const run = join(root, 'runs', 'chat-1');
  const empty = await failure(run);
  assert.equal(empty.code, 'checkpoint-invalid');
  assert.match(empty.message, /chat-1 holds no whole checkpoint\.$/);

  const other = await failure(join(root, 'other'));
  assert.equal(other.code, 'model-invalid');
  assert.match(other.message, /is neither a model folder nor a run folder\.$/);

  const typo = await failure(join(root, 'runs', 'caht-1'));
  assert.equal(typo.code, 'file-missing');
  assert.equal(typo.message, `There is no folder ${join(root, 'runs', 'caht-1')}.`);
  assert.ok(typo.help?.startsWith(`Did you mean ${run}? `));
});
