import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { lockHolder, lockRun } from './lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A process that tries for the lock, says whether it got it, and stays. */
async function contender(): Promise<{ child: ChildProcess; answer: string }> {
  const module = JSON.stringify(new URL('./lock.js', import.meta.url).href);
  const program = `const { lockRun } = await import(${module});
    try { lockRun(${JSON.stringify(dir)}); console.log('held'); } catch (error) { console.log(error.code ?? error); }
    setTimeout(() => {}, 60000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [answer] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, answer: String(answer).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('is taken once and given back', () => {
  const lock = lockRun(dir);
  assert.equal(lockHolder(dir)?.pid, process.pid);
  assert.throws(() => lockRun(dir), /^PosttrainError: process \d+ is training into /);
  lock.release();
  assert.equal(lockHolder(dir), null);
  assert.deepEqual(readdirSync(dir), []);
  lockRun(dir).release();
});

test('of a living process is refused, of a killed one taken over', async () => {
  const { child, answer } = await contender();
  assert.equal(answer, 'held');
  assert.throws(
    () => lockRun(dir),
    (error) =>
      PosttrainError.is(error) &&
      error.code === 'run-locked' &&
      error.format() ===
        `process ${child.pid} is training into ${dir}.\n  help: stop it, or choose another run folder.`,
  );
  await kill(child);
  assert.equal(lockHolder(dir), null);
  const lock = lockRun(dir);
  assert.equal(lockHolder(dir)?.pid, process.pid);
  lock.release();
});

test('of a killed process goes to exactly one of many', async () => {
  const first = await contender();
  await kill(first.child);
  const contenders = await Promise.all(Array.from({ length: 6 }, contender));
  assert.deepEqual(contenders.map(({ answer }) => answer).sort(), ['held', ...Array(5).fill('run-locked')]);
  await Promise.all(contenders.map(({ child }) => kill(child)));
  assert.deepEqual(readdirSync(dir), ['lock']);
});

test('of a process whose number another one has by now is stale', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, () => {
  lockRun(dir);
  const held = JSON.parse(readFileSync(join(dir, 'lock'), 'utf8')) as object;
  writeFileSync(join(dir, 'lock'), JSON.stringify({ ...held, started: 'another boot/1' }));
  assert.equal(lockHolder(dir), null);
  lockRun(dir).release();
});

test('of another machine is believed, and a damaged one is stale', () => {
  writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}`, started: null }));
  assert.throws(
    () => lockRun(dir),
    (error) =>
      PosttrainError.is(error) &&
      error.format() ===
        `process 1 on not-${hostname()} is training into ${dir}.\n  help: stop it there; if it is gone, delete ${join(dir, 'lock')}.`,
  );
  writeFileSync(join(dir, 'lock'), '{"pid"');
  lockRun(dir).release();
});
