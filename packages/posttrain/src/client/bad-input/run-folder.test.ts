import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { latestCheckpoint } from '../../runs/checkpoint.ts';
import type { RunInfo } from '../../runs/run-info.ts';
import { listing, provoke, recipeFor, scene, show, succeed } from '../../testing/provoke.ts';
import { train } from '../train.ts';

test('a run folder inside a file', async () => {
  using at = scene();
  assert.equal(
    await provoke(at, {}, { dir: join(at.rows, 'a') }),
    `file-unwritable: ROOT/rows.jsonl/a cannot be written: a part of the path is a file.
  help: choose another run folder.`,
  );
});

test('a file in place of the run folder', async () => {
  using at = scene();
  assert.equal(
    await provoke(at, {}, { dir: at.rows }),
    `file-unwritable: ROOT/rows.jsonl cannot be written: a part of the path is a file.
  help: choose another run folder.`,
  );
});

test('a run folder where the system allows none', {
  skip: existsSync('/proc/self') ? false : 'needs /proc',
}, async () => {
  using at = scene();
  for (const [dir, missing] of [
    ['/proc/runs', '/proc/runs'],
    ['/proc/runs/a/b', '/proc/runs'],
  ] as const)
    assert.equal(
      await provoke(at, {}, { dir }),
      `file-unwritable: ${missing} cannot be made: the system allows no folder there.
  help: choose another run folder.`,
    );
});

test('a run folder that holds other files', async () => {
  using at = scene();
  mkdirSync(at.dir, { recursive: true });
  for (const name of ['notes.txt', 'a', 'b', 'c']) writeFileSync(join(at.dir, name), 'mine');
  const expected = `run-exists: ROOT/runs/a is not empty, and holds no run: a, b, c and 1 more.
  help: choose a folder that is empty or does not exist, by --dir.`;
  assert.equal(await provoke(at), expected);
  assert.equal(await provoke(at, {}, { resume: true }), expected);
  assert.equal(await provoke(at, {}, { engine: true }), expected);
});

test('a run folder that holds a run', async () => {
  using at = scene();
  await succeed(at, { steps: 1 });
  assert.equal(
    await provoke(at),
    `run-exists: ROOT/runs/a already holds a run.
  help: go on with it by posttrain train RECIPE --dir ROOT/runs/a --resume, or choose another folder by --dir.`,
  );
});

/** A disk of its own, which only the superuser may make; undefined, and the test skipped, for others. */
function smallDisk(t: TestContext, at: string, size: string): Disposable | undefined {
  mkdirSync(at, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { stdio: 'ignore' });
  } catch {
    t.skip('mounting a small disk is not permitted');
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync('umount', ['-l', at]) };
}

test('a disk too small for the run folder', async (t) => {
  using at = scene();
  const disk = join(at.root, 'disk');
  using mounted = smallDisk(t, disk, '8k');
  if (!mounted) return;
  assert.equal(
    await provoke(at, {}, { dir: join(disk, 'a') }),
    `disk-full: ROOT/disk/a cannot be written: the disk is full.
  help: free some space, or lower every.keep, then resume the run.`,
  );
});

test('a disk that is full at the second checkpoint: the first stays good, and with more room the run goes on from it', async (t) => {
  using at = scene();
  const disk = join(at.root, 'disk');
  // A checkpoint takes 0.39 MB of weights and twice that of optimizer state.
  using mounted = smallDisk(t, disk, '2m');
  if (!mounted) return;
  const dir = join(disk, 'a');
  const recipe = recipeFor(at, { steps: 3, every: { checkpoint: 1 } });
  const checkpoints = join(dir, 'checkpoints');
  await assert.rejects(train(recipe, { dir, inProcess: true }).result, (thrown) => {
    assert.equal(
      show(thrown, at),
      `disk-full: ROOT/disk/a/checkpoints/step-2 cannot be written: the disk is full.
  help: free some space, or lower every.keep, then resume the run.`,
    );
    return true;
  });
  assert.deepEqual(readdirSync(checkpoints), ['step-1']);
  const { history } = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunInfo;
  assert.equal(history.at(-1)?.status, 'failed');
  assert.equal(history.at(-1)?.step, 2);
  const before = listing(checkpoints);
  assert.equal((await latestCheckpoint(checkpoints)).checkpoint?.step, 1);

  execFileSync('mount', ['-o', 'remount,size=16m', disk]);
  const { status, steps } = await train(recipe, { dir, resume: true, inProcess: true }).result;
  assert.deepEqual({ status, steps }, { status: 'finished', steps: 3 });
  assert.ok(before['step-1/model.safetensors']);
  assert.deepEqual(readdirSync(checkpoints).sort(), ['step-2', 'step-3']);
});
