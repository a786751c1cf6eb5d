import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { train } from '../client/train.ts';
import { lockHolder } from '../runs/lock.ts';
import { readMetrics } from '../runs/metrics.ts';
import { HostProcess, isRunning } from '../testing/host-process.ts';
import { killRecipe } from '../testing/kill-recipe.ts';
import { inspectKilled, runContent } from '../testing/run-content.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { EngineProcess } from './host.ts';

/** Two processes: the caller goes on while the engine computes, outlives its crash, and takes it along when it dies. */

const shared = mkdtempSync(join(tmpdir(), 'posttrain-'));
after(() => rmSync(shared, { recursive: true }));
const recipe = killRecipe(join(shared, 'base'));
const undisturbed = train(recipe, { dir: join(shared, 'undisturbed') }).result.then(() =>
  runContent(join(shared, 'undisturbed')),
);

test('a crash of the engine is an engine-died error with signal and step; the resume is bit for bit', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const run = train(recipe, { dir });
  let last = 0;
  await assert.rejects(
    async () => {
      for await (const event of run) {
        if (event.type !== 'step') continue;
        last = event.step;
        if (event.step === 5) process.kill(lockHolder(dir)!.pid, 'SIGSEGV');
      }
    },
    (error: { code: string; message: string; help: string; data: unknown }) => {
      assert.equal(error.code, 'engine-died');
      assert.equal(error.message, `the engine process ended by SIGSEGV after step ${last}.`);
      assert.match(error.help, /everything up to the last checkpoint is safe: run the same command with --resume/);
      assert.deepEqual(error.data, { signal: 'SIGSEGV', code: null, step: last });
      return true;
    },
  );
  assert.ok(last >= 5);
  await assert.rejects(run.result, { code: 'engine-died' });
  assert.equal(lockHolder(dir), null);
  await train(recipe, { dir, resume: true }).result;
  assert.deepEqual(await runContent(dir), await undisturbed);
});

test('an engine that dies before the first step says so', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const run = train(recipe, { dir });
  await assert.rejects(
    async () => {
      for await (const event of run) if (event.type === 'evaluate') process.kill(lockHolder(dir)!.pid, 'SIGKILL');
    },
    { code: 'engine-died', message: 'the engine process ended by SIGKILL before the first step.' },
  );
});

test('after a SIGKILL of the host no engine remains and no file is half-written', async (t) => {
  const dir = join(temporaryFolder(t), 'run');
  const host = new HostProcess({ recipe, dir });
  host.onEvent((event) => {
    if (event.type === 'step' && event.step === 4) host.kill('host');
  });
  assert.deepEqual(await host.ended, { kind: 'killed', signal: 'SIGKILL' });
  assert.ok(host.engine);
  await host.engineGone();
  const { problems, torn } = await inspectKilled(dir);
  assert.deepEqual(problems, []);
  assert.equal(torn, 0);
  assert.ok(readMetrics(dir).steps.length >= 4);
});

/** One micro-batch a step, large enough that it takes a while: nothing in it lets an event loop turn. */
const heavy = {
  ...recipe,
  data: { ...recipe.data, validation: false as const, maxTokens: 256 },
  batch: 32,
  microBatch: 32,
  steps: 2,
  forgetting: false as const,
  every: {},
};

/** Turns of this process's event loop between two events of a run: that the step begins, and that it is done. */
async function turnsInFirstStep(dir: string, inProcess: boolean): Promise<{ turns: number; engine: number }> {
  const run = train(heavy, { dir, inProcess });
  let [turns, engine] = [0, 0];
  let counting = false;
  const timer = setInterval(() => counting && turns++, 5);
  try {
    for await (const event of run) {
      if (event.type === 'data') [counting, engine] = [true, lockHolder(dir)!.pid];
      if (event.type === 'step') break;
    }
    await run.result;
    return { turns, engine };
  } finally {
    clearInterval(timer);
  }
}

test('the engine is another process, and the caller goes on while it computes; in-process it does not', async (t) => {
  const folder = temporaryFolder(t);
  const apart = await turnsInFirstStep(join(folder, 'apart'), false);
  assert.notEqual(apart.engine, process.pid);
  const here = await turnsInFirstStep(join(folder, 'here'), true);
  assert.equal(here.engine, process.pid);
  assert.ok(
    apart.turns >= 3 * Math.max(1, here.turns),
    `${apart.turns} turns beside an engine, ${here.turns} in-process`,
  );
});

test('an engine that was closed, or died while it was idle, says which, at the next request as at those under way', async () => {
  const load = { model: recipe.model, precision: 'fp32', threads: 1 } as const;
  const closed = new EngineProcess();
  const underWay = closed.request('load', load).result;
  const ending = closed[Symbol.asyncDispose]();
  const message = 'the engine was closed; it does no more work.';
  await assert.rejects(underWay, { code: 'engine-died', message });
  await ending;
  await assert.rejects(closed.request('load', load).result, { code: 'engine-died', message });

  await using killed = new EngineProcess();
  const pid = killed.pid!;
  process.kill(pid, 'SIGKILL');
  const died = { code: 'engine-died', message: 'the engine process ended by SIGKILL.' };
  await assert.rejects(killed.request('load', load).result, died);
  await assert.rejects(killed.request('load', load).result, died);
  assert.equal(isRunning(pid), false);
});

test('an idle engine does not keep its host from ending', async () => {
  const host = new URL('./host.js', import.meta.url).href;
  const program = `import { EngineProcess } from '${host}'; console.log(new EngineProcess().pid);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000,
  });
  assert.match(stdout, /^\d+\n$/);
});
