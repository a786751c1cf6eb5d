import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockHolder } from '../runs/lock.ts';
import { readMetrics } from '../runs/metrics.ts';
import { SafetensorsFile, scope, writeSafetensors } from '../tensor/index.ts';
import { killRecipe } from '../testing/kill-recipe.ts';
import { type RunContent, runContent } from '../testing/run-content.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { train } from './train.ts';

/** How a run ends before its time, and goes on. */

const shared = mkdtempSync(join(tmpdir(), 'posttrain-'));
after(() => rmSync(shared, { recursive: true }));
const recipe = killRecipe(join(shared, 'base'));
const undisturbed = train(recipe, { dir: join(shared, 'undisturbed') }).result.then(() =>
  runContent(join(shared, 'undisturbed')),
);

test('stop() writes a checkpoint between two planned ones; resumed, the run is bit for bit what it would have been', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const run = train(recipe, { dir });
  for await (const event of run) if (event.type === 'step' && event.step === 4) run.stop();
  const { status, checkpoint, steps } = await run.result;
  assert.equal(status, 'stopped');
  assert.ok(steps >= 4 && steps < 24, `stopped after step ${steps}`);
  assert.equal(checkpoint, join(dir, 'checkpoints', `step-${steps}`));
  assert.ok(existsSync(join(checkpoint, 'manifest.json')));
  const resumed = await train(recipe, { dir, resume: true }).result;
  assert.deepEqual([resumed.status, resumed.steps], ['finished', 24]);
  assert.deepEqual(await runContent(dir), await undisturbed);
});

test('stop() at once still leaves a checkpoint, of the model as it was, to go on from', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const run = train(recipe, { dir });
  run.stop();
  assert.deepEqual(await run.result, {
    status: 'stopped',
    checkpoint: join(dir, 'checkpoints', 'step-0'),
    steps: 0,
    forgetting: null,
  });
  await train(recipe, { dir, resume: true }).result;
  assert.deepEqual(await runContent(dir), await undisturbed);
});

test('an aborted signal leaves a checkpoint of the last step, then result rejects with its reason', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const controller = new AbortController();
  const run = train(recipe, { dir, signal: controller.signal });
  await assert.rejects(
    async () => {
      for await (const event of run) if (event.type === 'step') controller.abort('enough');
    },
    (reason) => reason === 'enough',
  );
  await assert.rejects(run.result, (reason) => reason === 'enough');
  const { step } = readMetrics(dir).steps.at(-1)!;
  assert.ok(existsSync(join(dir, 'checkpoints', `step-${step}`, 'manifest.json')));
  assert.equal(lockHolder(dir), null);
});

for (const inProcess of [false, true]) {
  test(`an abort while rows are read makes no run folder${inProcess ? ', in this process too' : ''}`, async (t) => {
    const folder = temporaryFolder(t);
    const rows = join(folder, 'many.jsonl');
    const row = (n: number) =>
      JSON.stringify({ prompt: `What follows ${n}?`, completion: `${n + 1} and no other number.` });
    writeFileSync(rows, Array.from({ length: 20_000 }, (_, n) => `${row(n)}\n`).join(''));
    const controller = new AbortController();
    const dir = join(folder, 'run');
    const long = { ...recipe, data: { train: rows }, every: {} };
    const run = train(long, { dir, signal: controller.signal, inProcess });
    const seen = new Set<string>();
    await assert.rejects(
      async () => {
        for await (const event of run) {
          seen.add(event.type);
          if (event.type === 'progress' && event.what === 'tokenize') controller.abort('enough');
        }
      },
      (reason) => reason === 'enough',
    );
    assert.deepEqual([...seen], ['progress']);
    assert.equal(existsSync(dir), false);
  });
}

test('leaving the loop does not stop the run, and while it goes nobody else trains into its folder', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const run = train(recipe, { dir });
  for await (const event of run) if (event.type === 'step') break;
  const { pid } = lockHolder(dir)!;
  await assert.rejects(train(recipe, { dir, resume: true }).result, {
    code: 'run-locked',
    message: `process ${pid} is training into ${dir}.`,
    help: 'stop it, or choose another run folder.',
  });
  await assert.rejects(train(recipe, { dir }).result, { code: 'run-exists', message: `${dir} already holds a run.` });
  assert.equal((await run.result).status, 'finished');
  assert.deepEqual(await runContent(dir), await undisturbed);
});

test('where the base is stored in bf16 the float32 masters are resumed too: no bit is lost', async (t) => {
  const folder = temporaryFolder(t);
  const model = join(folder, 'bf16');
  cpSync(recipe.model, model, { recursive: true });
  storeShort(join(model, 'model.safetensors'));
  const short = { ...recipe, model, precision: 'bf16' as const, steps: 8 };
  const [whole, halved] = [join(folder, 'whole'), join(folder, 'halved')];
  await train(short, { dir: whole, inProcess: true }).result;
  const run = train(short, { dir: halved, inProcess: true });
  for await (const event of run) if (event.type === 'step' && event.step === 4) run.stop();
  assert.equal((await run.result).status, 'stopped');
  await train(short, { dir: halved, resume: true, inProcess: true }).result;
  const [content, expected] = [await runContent(halved), await runContent(whole)];
  const last = (files: RunContent['files']) => Object.entries(files).filter(([name]) => name.startsWith('step-8/'));
  assert.deepEqual(last(content.files), last(expected.files));
  assert.deepEqual([content.steps, content.evaluations], [expected.steps, expected.evaluations]);
});

function storeShort(path: string): void {
  using file = new SafetensorsFile(path);
  scope(() => {
    const names = [...file.header.tensors.keys()];
    const tensors = new Map(names.map((name) => [name, file.view(name).toDtype('bfloat16')]));
    rmSync(path); // the mapped file stays until it is closed
    writeSafetensors(path, tensors);
  });
}
