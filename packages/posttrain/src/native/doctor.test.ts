import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { checkProcessor } from './doctor.ts';

test('doctor warns of a busy processor, and tells a level that cannot be had instead of ending', () => {
  const level = () => 'x86-64-v3';
  assert.deepEqual(checkProcessor(0.4, 2, level), {
    name: 'processor',
    status: 'ok',
    detail: 'x86-64-v3, 2 cores',
    help: undefined,
  });
  assert.deepEqual(checkProcessor(1.96, 2, level), {
    name: 'processor',
    status: 'warn',
    detail: 'x86-64-v3, 2 cores, load 2.0',
    help: 'Other programs use it; with them there, threads: 1 can be faster than two.',
  });
  const broken = checkProcessor(0, 2, () => {
    throw new PosttrainError('usage', 'POSTTRAIN_CPU_LEVEL is sse9, which is no CPU level.');
  });
  assert.deepEqual([broken.status, broken.detail], ['fail', 'POSTTRAIN_CPU_LEVEL is sse9, which is no CPU level.']);
});
