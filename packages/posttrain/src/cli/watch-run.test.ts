import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../runs/index.ts';
import { palette } from '../support/terminal/colours.ts';
import { StatusLine } from '../support/terminal/status-line.ts';
import type { RunResult } from './library.ts';
import type { Output } from './output.ts';
import { type WatchedRun, watchRun } from './watch-run.ts';

function recorder(json: boolean) {
  const notes: string[] = [];
  const data: unknown[] = [];
  const status = new StatusLine({ stream: { write: (text) => notes.push(text.trimEnd()) }, everySeconds: 0 });
  const output: Output = {
    json,
    quiet: false,
    verbose: false,
    width: 80,
    colours: palette(false),
    noteColours: palette(false),
    status,
    result: () => assert.fail('results are for the command to print'),
    data: (value) => data.push(value),
    note: (text) => status.print(text),
    warn: (text) => status.print(`warning ${text}`),
    progress: (render) => status.update(render),
  };
  return { output, notes, data };
}

/** A run that yields `events`, then ends as told; `stop` makes it end as stopped. */
function fakeRun(events: readonly RunEvent[], failure?: Error): WatchedRun & { stopped: boolean } {
  let settle: (error?: Error) => void = () => {};
  const run = {
    stopped: false,
    droppedSteps: 0,
    result: new Promise<RunResult>((resolve, reject) => {
      settle = (error) =>
        error
          ? reject(error)
          : resolve({ status: run.stopped ? 'stopped' : 'finished', checkpoint: 'c', steps: 1, forgetting: null });
    }),
    stop() {
      run.stopped = true;
    },
    async *[Symbol.asyncIterator]() {
      yield* events;
      settle(failure);
      if (failure) throw failure;
    },
  };
  return run;
}

const step: RunEvent = {
  type: 'step',
  step: 3,
  steps: 10,
  loss: 1.5,
  gradNorm: 1,
  lr: 1,
  tokens: 8,
  lossTokens: 4,
  tokensPerSecond: 2000,
  seconds: 1,
  memory: { rss: 2 ** 20, peakRss: 2 ** 20 },
  eta: 70,
};
const evaluation: RunEvent = { type: 'evaluate', step: 3, loss: 1.25, tokens: 4, seconds: 1 };
const warning: RunEvent = { type: 'warning', message: 'two rows are the same', help: 'remove one' };

test('events become the live line and lines of their own', async () => {
  const { output, notes, data } = recorder(false);
  const watched = await watchRun(fakeRun([step, evaluation, warning]), 'sft', output);
  assert.deepEqual(notes, [
    `sft  3/10 ${'━'.repeat(7)}${'─'.repeat(17)} · loss 1.500 · 1 min 10 s left · 2,000 tokens/s · 1.00 MiB`,
    'step 3: held-out loss 1.250',
    'warning two rows are the same\n  help: remove one',
  ]);
  assert.deepEqual(data, []);
  assert.deepEqual([watched.signal, watched.result.status], [undefined, 'finished']);
});

test('under --json every event is a line, in order', async () => {
  const { output, data } = recorder(true);
  await watchRun(fakeRun([step, evaluation, warning]), 'sft', output);
  assert.deepEqual(data, [step, evaluation, warning]);
});

test('Ctrl-C asks the run to stop and is told; the result names the signal', async () => {
  const { output, notes } = recorder(false);
  const run = fakeRun([evaluation]);
  const watching = watchRun(run, 'sft', output);
  process.emit('SIGINT', 'SIGINT');
  const watched = await watching;
  assert.equal(run.stopped, true);
  assert.equal(watched.signal, 'SIGINT');
  assert.ok(notes.includes('warning writing a checkpoint; press Ctrl-C again to stop at once'));
});

test('a failure is thrown as it is, and step events nobody saw are counted', async () => {
  const failure = new Error('non-finite');
  await assert.rejects(watchRun(fakeRun([step], failure), 'sft', recorder(false).output), failure);
  const { output, notes } = recorder(false);
  await watchRun({ ...fakeRun([]), droppedSteps: 7 }, 'sft', output);
  assert.match(notes[0]!, /^warning 7 step events came too fast/);
});
