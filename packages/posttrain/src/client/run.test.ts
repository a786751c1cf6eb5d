import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, StepEvent } from '../runs/events.ts';
import { PosttrainError } from '../support/errors.ts';
import { type Launch, Run, type RunResult } from './run.ts';

const finished: RunResult = {
  status: 'finished',
  checkpoint: '/runs/a/checkpoints/step-1',
  steps: 1,
  forgetting: null,
};
const stopped: RunResult = { ...finished, status: 'stopped' };

const warning: RunEvent = { type: 'warning', message: 'slow' };
const step = (n: number): StepEvent => ({
  type: 'step',
  step: n,
  steps: 9,
  loss: 1,
  gradNorm: 1,
  lr: 1,
  tokens: 1,
  lossTokens: 1,
  tokensPerSecond: 1,
  seconds: 1,
  memory: { rss: 1, peakRss: 1 },
  eta: null,
});

/** Stands in for training: goes on until it is asked to stop. */
const untilStopped: Launch = (_, { stop }) =>
  new Promise((resolve) => stop.addEventListener('abort', () => resolve(stopped)));

const start = (launch: Launch, signal?: AbortSignal) => new Run('/runs/a', launch, signal, undefined);

test('stop() resolves with the status stopped, asked for before the work began or in its middle', async () => {
  const middle = start(untilStopped);
  await new Promise(setImmediate);
  middle.stop();
  assert.deepEqual(await middle.result, stopped);
  const early = start(async (_, { stop }) => {
    await new Promise(setImmediate);
    return stop.aborted ? stopped : finished;
  });
  early.stop();
  assert.deepEqual(await early.result, stopped);
});

test('an aborted signal stops the work, then result and iteration reject with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const run = start(untilStopped, controller.signal);
  await new Promise(setImmediate);
  controller.abort(reason);
  await assert.rejects(run.result, reason);
  await assert.rejects(async () => {
    for await (const _ of run);
  }, reason);
});

test('a signal aborted beforehand starts nothing', async () => {
  let launched = false;
  const run = start(async () => {
    launched = true;
    return finished;
  }, AbortSignal.abort('never'));
  await assert.rejects(run.result, (reason) => reason === 'never');
  assert.equal(launched, false);
});

test('an abort before there is a run folder rejects with the reason, other errors stay what they are', async () => {
  const untilAborted: Launch = (_, { abort }) =>
    new Promise((_, reject) => abort.addEventListener('abort', () => reject(abort.reason)));
  const controller = new AbortController();
  const run = start(untilAborted, controller.signal);
  await new Promise(setImmediate);
  controller.abort('changed my mind');
  await assert.rejects(run.result, (reason) => reason === 'changed my mind');

  const broken = new PosttrainError('data-invalid', 'row 1 is empty.');
  const failing = start(async (_, { stop }) => {
    assert.equal(stop.aborted, false);
    throw broken;
  }, new AbortController().signal);
  await assert.rejects(failing.result, broken);
});

test('an abort that comes too late changes nothing', async () => {
  const controller = new AbortController();
  const run = start(async () => {
    controller.abort();
    return finished;
  }, controller.signal);
  assert.deepEqual(await run.result, finished);
});

test('a run is no promise, and hands warnings to onWarning as well', async () => {
  const warnings: string[] = [];
  const run = new Run(
    '/runs/a',
    async (onEvent) => {
      onEvent(warning);
      return finished;
    },
    undefined,
    (text) => warnings.push(text),
  );
  assert.equal('then' in run, false);
  await run.result;
  assert.deepEqual(warnings, ['slow']);
});

test('a reader that comes after 5,000 steps finds the newest and all that is no step', async () => {
  const run = start(async (onEvent) => {
    onEvent(warning);
    for (let n = 1; n <= 5000; n++) onEvent(step(n));
    return finished;
  });
  await run.result;
  const seen: RunEvent[] = [];
  for await (const event of run) seen.push(event);
  assert.deepEqual(seen[0], warning);
  assert.equal(seen.length + run.droppedSteps, 5001);
  assert.ok(run.droppedSteps > 0);
  assert.deepEqual(seen.at(-1), step(5000));
});
