import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/random.ts';
import { rowOf } from './fixtures.test.support.ts';
import { Mixture } from './mixture.ts';
import { createStepSource, type StepSourceOptions } from './step-source.ts';
import type { Pack, TokenRow } from './types.ts';

const random = Random.of(5, 'step-source');
const main = Array.from({ length: 103 }, (_, i) => rowOf(2 + random.int(20), 1000 * i));
const replay = Array.from({ length: 17 }, (_, i) => rowOf(2 + random.int(20), 500_000 + 1000 * i));
const base: StepSourceOptions = {
  sources: [{ rows: main }],
  batch: 8,
  packing: false,
  maxTokens: 32,
  seed: 1,
  shuffle: true,
};

const names = (packs: readonly Pack[]) => packs.map((pack) => pack.map(({ tokens }) => tokens[0]));
const steps = (options: StepSourceOptions, count: number) => {
  const source = createStepSource(options);
  return Array.from({ length: count }, (_, step) => source.packs(step));
};

for (const packing of [false, true]) {
  const label = packing ? 'packed' : 'unpacked';
  const mixed = {
    ...base,
    packing,
    sources: [
      { rows: main, weight: 3 },
      { rows: replay, weight: 1 },
    ],
  };

  test(`${label}: any step can be asked for, in any order`, () => {
    const sequential = steps(mixed, 60).map(names);
    const source = createStepSource(mixed);
    for (const step of Random.of(2, label).shuffle([...sequential.keys()]))
      assert.deepEqual(names(source.packs(step)), sequential[step]);
    for (const step of [59, 0, 30]) assert.deepEqual(names(createStepSource(mixed).packs(step)), sequential[step]);
  });

  test(`${label}: a single source gives every row once per epoch, each epoch in another order`, () => {
    const rows = steps({ ...base, packing }, 40)
      .flat()
      .flat();
    const epochs = [0, 1, 2].map((epoch) => rows.slice(epoch * main.length, (epoch + 1) * main.length));
    for (const epoch of epochs) assert.deepEqual(new Set(epoch), new Set<TokenRow>(main));
    assert.notDeepEqual(names([epochs[0]!]), names([epochs[1]!]));
  });

  test(`${label}: every step has its batch, within maxTokens; the seed decides the order`, () => {
    for (const packs of steps(mixed, 30)) {
      assert.equal(packs.length, 8);
      for (const pack of packs) assert.ok(pack.reduce((sum, { tokens }) => sum + tokens.length, 0) <= 32);
    }
    assert.deepEqual(steps(mixed, 20), steps(mixed, 20));
    assert.notDeepEqual(steps(mixed, 3).map(names), steps({ ...mixed, seed: 2 }, 3).map(names));
  });
}

test('steps per epoch: rows, or the packs of the first epoch, rounded up; without shuffling the order is the file’s', () => {
  assert.equal(createStepSource(base).stepsPerEpoch, Math.ceil(103 / 8));
  const packed = createStepSource({ ...base, packing: true, batch: 1 });
  const first = Array.from({ length: packed.stepsPerEpoch }, (_, step) => packed.packs(step))
    .flat()
    .flat();
  assert.deepEqual(new Set(first), new Set(main));
  assert.equal(first.length, main.length);
  assert.deepEqual(
    steps({ ...base, shuffle: false }, 2)
      .flat()
      .flat(),
    main.slice(0, 16),
  );
});

test('mixing: the parts hold at every step, sources cycle, and the main source sets the epoch', () => {
  const options = {
    ...base,
    sources: [
      { rows: main, weight: 0.9 },
      { rows: replay, weight: 0.1 },
    ],
  };
  assert.equal(createStepSource(options).stepsPerEpoch, Math.ceil(Math.round(103 / 0.9) / 8));
  const rows = steps(options, 100).flat().flat();
  const drawn = rows.filter((row) => replay.includes(row));
  assert.ok(Math.abs(drawn.length - 80) <= 1);
  assert.deepEqual(new Set(drawn.slice(0, 17)), new Set(replay));
  assert.deepEqual(new Set(drawn.slice(17, 34)), new Set(replay));
});

test('mixture: after n draws each source has been drawn within 1 of n times its share', () => {
  const cases = [
    [1],
    [1, 1],
    [3, 1],
    [0.9, 0.1],
    [5, 1, 1, 1, 1],
    [100, 3, 3, 2, 1, 1],
    [1, 2, 3, 4, 5, 6, 7],
    [0.5, 0.2, 0.2, 0.05, 0.05],
  ];
  for (let i = 0; i < 20; i++) cases.push(Array.from({ length: 2 + random.int(8) }, () => 0.01 + random.float() ** 4));
  for (const weights of cases) {
    const mixture = new Mixture(weights);
    const counts = weights.map(() => 0);
    for (const [n, { source, turn }] of mixture.draws(0, 2000).entries()) {
      assert.equal(turn, counts[source]!++);
      for (const [i, share] of mixture.shares.entries()) {
        assert.ok(Math.abs(counts[i]! - (n + 1) * share) < 1, `${weights}: source ${i} after ${n + 1} draws`);
      }
    }
    assert.deepEqual(mixture.draws(500, 510), new Mixture(weights).draws(0, 510).slice(500));
  }
});

test('impossible weights and empty sources are errors', () => {
  assert.throws(() => new Mixture([1, 0]), /a source of data has the weight 0/);
  assert.throws(
    () => createStepSource({ ...base, sources: [{ rows: main }, { rows: [] }] }),
    /source 2 of 2 has no rows to train on/,
  );
});
