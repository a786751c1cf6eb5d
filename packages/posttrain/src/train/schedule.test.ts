import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goldenJson } from '../testing/golden.ts';
import { scheduleFactor, warmupSteps } from './schedule.ts';

interface Fixture {
  readonly schedules: readonly {
    readonly kind: string;
    readonly warmup: number;
    readonly steps: number;
    readonly factors: readonly number[];
    readonly afterTheLast: number;
  }[];
}

test('every factor of every schedule is transformers’', () => {
  for (const { kind, warmup, steps, factors, afterTheLast } of goldenJson<Fixture>('optim/schedules.json').schedules) {
    const ours = kind.startsWith('constant') ? 'constant' : (kind as 'linear' | 'cosine');
    for (const [step, factor] of [...factors, afterTheLast].entries()) {
      const made = scheduleFactor(step, steps, { kind: ours, warmup, floor: 0, hold: 0 });
      assert.ok(
        Math.abs(made - factor) < 1e-12,
        `${kind}, warmup ${warmup}, step ${step}: ${made}, expected ${factor}`,
      );
    }
  }
});

test('hold delays the descent, and floor is where it ends', () => {
  const options = { kind: 'linear', warmup: 2, floor: 0.1, hold: 0.3 } as const;
  // 10 steps: up over 0 and 1, the peak from 2 to 4, then down by 0.9/5 a step from step 5 on.
  const factors = Array.from({ length: 11 }, (_, step) => scheduleFactor(step, 10, options));
  const expected = [0, 0.5, 1, 1, 1, 1, 0.82, 0.64, 0.46, 0.28, 0.1];
  for (const [step, factor] of factors.entries())
    assert.ok(Math.abs(factor - expected[step]!) < 1e-12, `step ${step}: ${factor}`);
});

test('a warmup below 1 is a share of the steps, rounded up', () => {
  assert.equal(warmupSteps(0.03, 200), 6);
  assert.equal(warmupSteps(0.03, 110), 4);
  assert.equal(warmupSteps(5, 200), 5);
  assert.equal(warmupSteps(0, 200), 0);
});
