import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newestRunFolder, nextRunFolder } from './run-folder-name.ts';

test('runs are numbered by recipe, after the highest number there is', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'posttrain-names-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const runs = join(root, 'runs');
  assert.equal(await nextRunFolder('some/chat.yaml', runs), join(runs, 'chat-1'));
  assert.equal(await newestRunFolder('some/chat.yaml', runs), undefined);
  // Ten comes after nine, other recipes and other spellings do not count.
  for (const name of ['chat-9', 'chat-10', 'chat-old', 'chat-010', 'chats-77', 'chat']) {
    await mkdir(join(runs, name), { recursive: true });
  }
  assert.equal(await nextRunFolder('chat.ts', runs), join(runs, 'chat-11'));
  assert.equal(await newestRunFolder('chat.ts', runs), join(runs, 'chat-10'));
});
