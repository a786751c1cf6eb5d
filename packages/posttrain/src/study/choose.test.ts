import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskResult } from '../evaluate/index.ts';
import { choosePoint, edgeRemarks, type MeasuredPoint } from './choose.ts';

interface Reading {
  readonly higherIsBetter?: boolean | null;
  readonly ideal?: number | null;
}

function point(lr: number, value: number | null, reading: Reading = {}, invalid: string | null = null): MeasuredPoint {
  const metric = { name: 'acc', value, unit: 'share', higherIsBetter: true, ideal: null, ...reading };
  const results = [{ task: 'dev', invalid, metrics: [metric] }] as unknown as TaskResult[];
  return { point: `lr=${lr}`, values: { lr }, results, diverged: null };
}

const diverged = (lr: number): MeasuredPoint => ({
  point: `lr=${lr}`,
  values: { lr },
  results: [],
  diverged: 'it diverged',
});
const chosen = (...points: MeasuredPoint[]) => choosePoint('sft', points, { task: 'dev', metric: 'acc' }).point;

test('the best figure is chosen, whichever way it points', () => {
  assert.equal(chosen(point(1, 0.2), point(2, 0.9), point(3, 0.5)), 'lr=2');
  const lower = { higherIsBetter: false };
  assert.equal(chosen(point(1, 0.2, lower), point(2, 0.9, lower)), 'lr=1');
  const ideal = { higherIsBetter: null, ideal: 0 };
  assert.equal(chosen(point(1, -0.5, ideal), point(2, 0.2, ideal), point(3, 0.4, ideal)), 'lr=2');
});

test('of equals the first; what diverged, is invalid or undefined is never chosen', () => {
  assert.equal(chosen(point(3, 0.5), point(1, 0.5)), 'lr=3');
  assert.equal(chosen(diverged(1), point(2, 0.9, {}, 'all equal'), point(3, null), point(4, 0.1)), 'lr=4');
});

test('a sweep without any figure is an error that says why for each point', () => {
  assert.throws(() => chosen(diverged(1), point(2, null), point(3, 0.1, {}, 'all choices are equally likely')), {
    code: 'study-invalid',
    message:
      'no point of the sweep of sft has a dev.acc:\n  lr=1: it diverged\n  lr=2: undefined\n  lr=3: all choices are equally likely',
    help: 'try other values, in another study: one that has begun keeps its plan.',
  });
});

test('a best value at the end of what was tried is told', () => {
  const remarks = (...points: MeasuredPoint[]) =>
    edgeRemarks(choosePoint('sft', points, { task: 'dev', metric: 'acc' }));
  assert.deepEqual(remarks(point(1, 0.2), point(2, 0.9), point(3, 0.5)), []);
  assert.deepEqual(remarks(point(1, 0.2), point(2, 0.9)), [
    'sft: the chosen lr (2) is the largest that was tried; a better one may lie beyond.',
  ]);
  assert.deepEqual(remarks(point(1, 0.9)), []);
});
