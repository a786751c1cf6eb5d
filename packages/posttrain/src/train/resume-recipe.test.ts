import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResolvedRecipe } from '../runs/recipe/resolved-recipe.ts';
import { resumedRecipe } from './resume-recipe.ts';

const given: ResolvedRecipe = {
  version: 1,
  method: 'sft',
  model: '/models/base',
  init: 'pretrained',
  data: {
    train: [{ path: '/rows.jsonl', weight: 1 }],
    validation: false,
    maxTokens: 'auto',
    overlong: 'error',
    packing: false,
    specialTokens: 'text',
    shuffle: true,
  },
  train: 'assistant',
  batch: 8,
  microBatch: 'auto',
  optimizer: { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  lr: 1e-3,
  schedule: { kind: 'cosine', warmup: 0.03, floor: 0, hold: 0 },
  steps: 10,
  clip: 1,
  precision: 'auto',
  recompute: false,
  forgetting: 'auto',
  every: { evaluate: false, checkpoint: 100, keep: 2 },
  threads: 'auto',
  seed: 0,
};
const begun: ResolvedRecipe = {
  ...given,
  data: { ...given.data, maxTokens: 256 },
  microBatch: 4,
  precision: 'bf16',
  threads: 3,
};

test('a resume keeps what auto was when the run began, whatever it would be now', () => {
  assert.deepEqual(resumedRecipe(begun, given), begun);
});

test('threads and every may change', () => {
  const every = { evaluate: false, checkpoint: 5, keep: 1 } as const;
  assert.deepEqual(resumedRecipe(begun, { ...given, threads: 1, every }), { ...begun, threads: 1, every });
});

test('any other change is refused with what was and what is', () => {
  assert.throws(
    () =>
      resumedRecipe(begun, {
        ...given,
        lr: 2e-3,
        data: { ...given.data, train: [{ path: '/other.jsonl', weight: 1 }] },
      }),
    {
      code: 'recipe-invalid',
      message:
        'the recipe is not the one this run began with:\n' +
        '  data.train.0.path: began with "/rows.jsonl", now "/other.jsonl"\n' +
        '  lr: began with 0.001, now 0.002',
      help: 'set the keys back to go on with this run, or start another in a folder of its own.',
    },
  );
});
