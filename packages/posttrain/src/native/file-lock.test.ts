import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from './fake-wheel.test.fixture.ts';
import { withLock } from './file-lock.ts';

test('bodies run one after the other, and the later ones know that they waited', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  const log: string[] = [];
  const task = (name: string) =>
    withLock(file, async (waited) => {
      log.push(`${name} ${waited ? 'waited' : 'first'}`);
      await sleep(20);
      log.push(`${name} done`);
    });
  await Promise.all([task('a'), task('b')]);
  assert.deepEqual(log, ['a first', 'a done', 'b waited', 'b done']);
  assert.equal(existsSync(file), false);
});

test('a failing body releases the lock', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  await assert.rejects(
    withLock(file, async () => {
      throw new Error('body');
    }),
    { message: 'body' },
  );
  assert.equal(existsSync(file), false);
});

test('the lock of a dead process is taken over; that of another machine only when it is silent', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(file, `${dead} ${hostname()}`);
  assert.equal(await withLock(file, async () => 'mine'), 'mine');

  writeFileSync(file, `${dead} another-machine`);
  const stopped = withLock(file, async () => 'mine', { signal: AbortSignal.timeout(300) });
  await assert.rejects(stopped, { code: 'aborted' });
  const silent = new Date(Date.now() - 120_000);
  utimesSync(file, silent, silent);
  assert.equal(await withLock(file, async () => 'mine'), 'mine');
});
