import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRecipe } from '../runs/index.ts';
import { sweepPoints, sweptKeys } from './sweep.ts';

const recipe = (keys: object) => ({ method: 'sft', model: 'pocket', data: { train: 'a.jsonl' }, lr: 1e-3, ...keys });
const swept = (keys: object) =>
  Object.fromEntries(sweptKeys(recipe(keys)).map((key) => [key.path.join('.'), key.values]));

test('a list where the recipe takes one value is a sweep, wherever the key stands', () => {
  assert.deepEqual(swept({}), {});
  assert.deepEqual(swept({ lr: [1e-3, 1e-2] }), { lr: [1e-3, 1e-2] });
  assert.deepEqual(swept({ optimizer: ['adamw', 'muon'] }), { optimizer: ['adamw', 'muon'] });
  assert.deepEqual(swept({ optimizer: { kind: 'adamw', weightDecay: [0, 0.1] } }), {
    'optimizer.weightDecay': [0, 0.1],
  });
  assert.deepEqual(swept({ schedule: { kind: 'linear', hold: [0, 0.3] }, batch: [8, 16] }), {
    'schedule.hold': [0, 0.3],
    batch: [8, 16],
  });
});

test('a list that a key takes as its value is no sweep; a list of such lists is', () => {
  assert.deepEqual(swept({ optimizer: { betas: [0.9, 0.95] } }), {});
  assert.deepEqual(
    swept({
      optimizer: {
        betas: [
          [0.9, 0.95],
          [0.9, 0.999],
        ],
      },
    }),
    {
      'optimizer.betas': [
        [0.9, 0.95],
        [0.9, 0.999],
      ],
    },
  );
  assert.deepEqual(swept({ data: { train: [{ path: 'a.jsonl', weight: 2 }] } }), {});
  assert.deepEqual(swept({ data: { train: ['a.jsonl', 'b.jsonl'] } }), { 'data.train': ['a.jsonl', 'b.jsonl'] });
});

test('a mistake inside a list of values is not taken for a sweep', () => {
  assert.deepEqual(swept({ data: { train: [{ path: 'a.jsonl', weight: -1 }] } }), {});
});

test('points are all combinations, the first key slowest, each a recipe of single values', () => {
  const points = sweepPoints(recipe({ batch: [8, 16], lr: [1e-3, 1e-2] }), 'sft');
  assert.deepEqual(
    points.map(({ name, values }) => [name, values]),
    [
      ['batch=8,lr=0.001', { batch: 8, lr: 1e-3 }],
      ['batch=8,lr=0.01', { batch: 8, lr: 1e-2 }],
      ['batch=16,lr=0.001', { batch: 16, lr: 1e-3 }],
      ['batch=16,lr=0.01', { batch: 16, lr: 1e-2 }],
    ],
  );
  assert.deepEqual(points[1]!.recipe, recipe({ batch: 8, lr: 1e-2 }));
  assert.deepEqual(
    sweepPoints(recipe({}), 'sft').map(({ name }) => name),
    ['single'],
  );
});

test('names of points are names of folders, and no two are the same', () => {
  const files = ['./x/rows one.jsonl', './x/rows_one.jsonl'];
  assert.deepEqual(
    sweepPoints(recipe({ data: { train: files } }), 'sft').map(({ name }) => name),
    ['data.train=._x_rows_one.jsonl', 'data.train=._x_rows_one.jsonl-2'],
  );
});

test('an empty list and a repeated value are mistakes', () => {
  assert.throws(() => sweepPoints(recipe({ lr: [] }), 'arm sft'), {
    code: 'study-invalid',
    message: 'arm sft: lr is a list without values.',
    help: 'a sweep lists the values to try; a single value needs no list.',
  });
  assert.throws(() => sweepPoints(recipe({ lr: [1e-3, 0.001] }), 'arm sft'), {
    message: 'arm sft: lr lists 0.001 twice.',
    help: 'each value is tried once.',
  });
});

test('one run refuses a list and names the command that takes it', async () => {
  await assert.rejects(loadRecipe(recipe({ lr: [1e-3, 1e-2] }) as never), {
    code: 'recipe-invalid',
    message: 'lr is [0.001,0.01], but must be a number.',
    help: 'a list for a value is a sweep, and one run has one value. posttrain study tries each: docs/studies.md.',
  });
});
