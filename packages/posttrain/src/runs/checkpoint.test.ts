import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { checkpointSteps, latestCheckpoint, removeLeftovers, writeCheckpoint } from './checkpoint.ts';
import { verifyCheckpoint } from './manifest.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function fill(text: string) {
  return (temporary: string) => {
    writeFileSync(join(temporary, 'weights'), text.repeat(1000));
    mkdirSync(join(temporary, 'state'));
    writeFileSync(join(temporary, 'state/optimizer'), text);
  };
}

test('the manifest has the size and SHA-256 of every file, in folders too', async () => {
  const { path, manifest } = await writeCheckpoint(dir, 7, (temporary) => writeFileSync(join(temporary, 'abc'), 'abc'));
  // The hash of "abc" is the first example of FIPS 180-2.
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.deepEqual(manifest, { version: 1, step: 7, files: { abc: { sha256, bytes: 3 } } });
  assert.deepEqual(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')), manifest);
  const nested = await writeCheckpoint(dir, 8, fill('a'));
  assert.deepEqual(Object.keys(nested.manifest.files), ['state/optimizer', 'weights']);
});

test('the newest `keep` stay', async () => {
  for (const step of [1, 2, 10, 3]) await writeCheckpoint(dir, step, fill('a'), 2);
  // 10 is not touched when 3 is written: it is the remainder of a run that was resumed earlier.
  assert.deepEqual(checkpointSteps(dir), [2, 3, 10]);
  await writeCheckpoint(dir, 10, fill('b'), 1);
  assert.deepEqual(readdirSync(dir), ['step-10']);
  assert.equal(readFileSync(join(dir, 'step-10/state/optimizer'), 'utf8'), 'b');
});

test('the latest is the newest that verifies; damaged ones are told', async () => {
  for (const step of [1, 2, 3, 4, 5, 6]) await writeCheckpoint(dir, step, fill(`${step}`));
  rmSync(join(dir, 'step-6/manifest.json'));
  truncateSync(join(dir, 'step-5/weights'), 10);
  copyFileSync(join(dir, 'step-3/weights'), join(dir, 'step-4/weights'));
  rmSync(join(dir, 'step-3/state'), { recursive: true });
  writeFileSync(
    join(dir, 'step-2/manifest.json'),
    JSON.stringify({ version: 1, step: 2, files: { '../step-1/weights': {} } }),
  );
  const { checkpoint, broken } = await latestCheckpoint(dir);
  assert.equal(checkpoint?.step, 1);
  assert.deepEqual(
    broken.map(({ step, reason }) => [step, reason]),
    [
      [6, 'it has no manifest.json.'],
      [5, 'weights has 10 bytes instead of 1000.'],
      [4, 'weights has another hash than its manifest says.'],
      [3, 'state/optimizer is missing.'],
      [2, 'its manifest names ../step-1/weights, outside its folder.'],
    ],
  );
  assert.deepEqual(await latestCheckpoint(join(dir, 'none')), { checkpoint: null, broken: [] });
});

test('a full disk is disk-full, and what was there stays', {
  skip: process.platform === 'linux' ? false : 'needs /dev/full',
}, async () => {
  await writeCheckpoint(dir, 1, fill('a'), 1);
  await assert.rejects(
    writeCheckpoint(dir, 2, () => writeFileSync('/dev/full', 'x'), 1),
    (error) =>
      PosttrainError.is(error) &&
      error.code === 'disk-full' &&
      error.format() ===
        `${join(dir, 'step-2')} cannot be written: the disk is full.\n  help: free some space, or lower every.keep, then resume the run.`,
  );
  assert.deepEqual(readdirSync(dir), ['step-1']);
  assert.equal((await verifyCheckpoint(join(dir, 'step-1'))).ok, true);
});

test('an error of the caller passes through and leaves nothing', async () => {
  await assert.rejects(
    writeCheckpoint(dir, 1, (temporary) => {
      fill('a')(temporary);
      throw new RangeError('mine');
    }),
    RangeError,
  );
  assert.deepEqual(readdirSync(dir), []);
});

/** A process that writes checkpoints without end, each file a function of the step, and says so; or stops inside step `hang`. */
function writer(hang: number): ChildProcess {
  const module = JSON.stringify(new URL('./checkpoint.js', import.meta.url).href);
  const program = `const { writeCheckpoint } = await import(${module});
    const { writeFileSync } = await import('node:fs');
    for (let step = 1; ; step++) {
      await writeCheckpoint(${JSON.stringify(dir)}, step, async (temporary) => {
        for (let file = 0; file < 4; file++) {
          writeFileSync(temporary + '/part-' + file, String(step * 10 + file).repeat(30000));
          if (step === ${hang} && file === 2) { console.log('inside'); await new Promise((resolve) => setTimeout(resolve, 60000)); }
        }
      }, 2);
      console.log(step);
    }`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function assertIntact(reported: number): Promise<void> {
  const { checkpoint, broken } = await latestCheckpoint(dir);
  assert.deepEqual(broken, []);
  assert.ok((checkpoint?.step ?? 0) >= reported, `${checkpoint?.step} is on disk, ${reported} was reported`);
  if (checkpoint === null) return;
  for (let file = 0; file < 4; file++) {
    assert.equal(
      readFileSync(join(checkpoint.path, `part-${file}`), 'utf8'),
      String(checkpoint.step * 10 + file).repeat(30000),
    );
  }
  removeLeftovers(dir);
  assert.ok(
    readdirSync(dir).every((name) => /^step-\d+$/.test(name)),
    readdirSync(dir).join(),
  );
}

test('a kill inside a write leaves the checkpoint before it, and a leftover that is removed', async () => {
  const child = writer(3);
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
    if (output.includes('inside')) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  assert.ok(
    readdirSync(dir).some((name) => name.startsWith('.step-3.tmp-')),
    readdirSync(dir).join(),
  );
  await assertIntact(2);
  assert.deepEqual(checkpointSteps(dir), [1, 2]);
});

test('kills at random times never damage what was reported', async (context) => {
  const seed = Date.now() % 1_000_000;
  context.diagnostic(`seed ${seed}`);
  const random = Random.of(seed, 'kills');
  for (let kill = 0; kill < 5; kill++) {
    const child = writer(0);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await once(child.stdout!, 'data');
    await sleep(random.int(60));
    child.kill('SIGKILL');
    await once(child, 'close');
    await assertIntact(Number(output.trim().split('\n').at(-1)));
  }
});
