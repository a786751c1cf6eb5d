import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMetrics, withoutTimeFields } from './metrics.ts';

test('a resume supersedes the rows of later steps, so that there is one value per step', () => {
  const dir = mkdtempSync(join(tmpdir(), 'metrics-'));
  const rows = [
    ...[1, 2, 3, 4].map((step) => ({ type: 'step', step, loss: step })),
    { type: 'evaluate', step: 2, loss: 20 },
    { type: 'evaluate', step: 4, loss: 40 },
    { type: 'resume', fromStep: 2 },
    { type: 'step', step: 3, loss: 33 },
    { type: 'resume', fromStep: 2 },
    { type: 'step', step: 3, loss: 333 },
  ];
  writeFileSync(join(dir, 'metrics.jsonl'), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n{"type":"st`);
  const metrics = readMetrics(dir);
  assert.deepEqual(
    metrics.steps.map(({ step, loss }) => [step, loss]),
    [
      [1, 1],
      [2, 2],
      [3, 333],
    ],
  );
  assert.deepEqual(
    metrics.evaluations.map(({ step, loss }) => [step, loss]),
    [[2, 20]],
  );
  assert.deepEqual(metrics.resumes, [2, 2]);
  rmSync(dir, { recursive: true });
});

test('time fields are taken out, inside memory too', () => {
  const row = {
    type: 'step',
    step: 1,
    loss: 2,
    seconds: 3,
    tokensPerSecond: 4,
    eta: null,
    time: 5,
    memory: { rss: 6, peakRss: 7 },
  };
  assert.deepEqual(withoutTimeFields(row), { type: 'step', step: 1, loss: 2, memory: {} });
});
