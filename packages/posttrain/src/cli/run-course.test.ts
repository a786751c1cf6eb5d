import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepEvent } from '../runs/index.ts';
import { RunCourse, renderFacts } from './run-course.ts';

function step(number: number, loss: number): StepEvent {
  return {
    type: 'step',
    step: number,
    steps: 20,
    loss,
    gradNorm: 1,
    lr: 1,
    tokens: 100,
    lossTokens: 50,
    tokensPerSecond: 200,
    seconds: 0.5,
    memory: { rss: 1, peakRss: 2 ** 20 * number },
    eta: null,
  };
}

test('the summary says how long, how fast, how much memory and how the losses moved', () => {
  const course = new RunCourse();
  course.add({ type: 'evaluate', step: 0, loss: 4, tokens: 10, seconds: 1 });
  // 20 steps: means are over a fifth, 4. Losses 20 … 1: first mean 18.5, last mean 2.5; 2,000 tokens in 10 seconds.
  for (let i = 1; i <= 20; i++) course.add(step(i, 21 - i));
  course.add({ type: 'evaluate', step: 20, loss: 1.5, tokens: 10, seconds: 1 });
  assert.deepEqual(course.summary(), [
    ['steps', '20 in 10 s · 200 tokens/s · at most 20.0 MiB'],
    ['loss', '18.50 → 2.500   (means of the first and the last 4 steps)'],
    ['held out', '4.000 → 1.500'],
  ]);
  assert.equal(course.plot(60).split('\n').length, 12, 'nine lines, two of the axis and the legend');
});

test('a run of one step has no curve, and one of none no summary', () => {
  const course = new RunCourse();
  assert.deepEqual(course.summary(), []);
  course.add(step(1, 2));
  assert.equal(course.plot(60), '');
  assert.deepEqual(course.summary()[1], ['loss', '2.000 → 2.000']);
});

test('facts stand below each other', () => {
  assert.equal(
    renderFacts([
      ['a', '1'],
      ['long', '2'],
    ]),
    'a     1\nlong  2',
  );
});

test('where answers are scored the curve is that of the reward, not of a loss about 0', () => {
  const course = new RunCourse();
  for (let i = 1; i <= 4; i++) course.add({ ...step(i, 1e-9), metrics: { reward: i / 4 } });
  const plot = course.plot(60);
  assert.match(plot, /^mean reward\n/);
  assert.match(plot, /1\.0+ ┤/);
  assert.match(plot, /0\.25/);
  assert.deepEqual(course.summary().at(-1), ['reward', '0.2500 → 1.000']);
});
