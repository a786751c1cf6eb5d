import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { latestCheckpoint } from '../../runs/checkpoint.ts';
import type { RunInfo } from '../../runs/run-info.ts';
import { PosttrainError } from '../../support/errors.ts';
import { noGrad } from '../../tensor/index.ts';
import { changeWeights, listing, recipeFor, type Scene, scene, show } from '../../testing/provoke.ts';
import { train } from '../train.ts';

/** Steps so large that the second forward pass overflows. */
const diverging = { lr: 1e30, steps: 5, schedule: 'constant', every: { checkpoint: 1 } };

async function failure(at: Scene, change: Readonly<Record<string, unknown>>): Promise<PosttrainError> {
  try {
    await train(recipeFor(at, change), { dir: at.dir, inProcess: true }).result;
  } catch (thrown) {
    assert.ok(PosttrainError.is(thrown));
    return thrown;
  }
  assert.fail('the run went on');
}

const help = `
  help: lower lr, or lengthen schedule.warmup; precision: fp32 tells a rounding problem from a data problem. The last checkpoint is intact.`;

test('a loss that overflows stops the run with the step and its rows; the last checkpoint is intact', async () => {
  using at = scene();
  const error = await failure(at, diverging);
  assert.match(
    show(error, at),
    /^non-finite: step 2: the loss is (NaN|-?Infinity|[\d.e+]+), the gradient norm (NaN|Infinity); nothing was updated\.\n {2}rows of this step: ROOT\/rows\.jsonl:[12], ROOT\/rows\.jsonl:[12]\n {2}help: /,
  );
  assert.ok(show(error, at).endsWith(help));
  const { step, rows } = error.data as { step: number; rows: readonly string[] };
  assert.equal(step, 2);
  assert.deepEqual([...rows].sort(), [`${at.rows}:1`, `${at.rows}:2`]);
  const { checkpoint, broken } = await latestCheckpoint(join(at.dir, 'checkpoints'));
  assert.equal(checkpoint?.step, 1);
  assert.deepEqual(broken, []);
  const { history } = JSON.parse(readFileSync(join(at.dir, 'run.json'), 'utf8')) as RunInfo;
  assert.equal(history.at(-1)?.status, 'failed');
  assert.equal(history.at(-1)?.step, 1);
  assert.match(history.at(-1)?.message ?? '', /^step 2: the loss is/);
});

test('a weight that is not a number stops the first step, before anything is saved', async () => {
  using at = scene();
  changeWeights(at, (weights) =>
    noGrad(() => weights.set('model.norm.weight', weights.get('model.norm.weight')!.mul(Number.NaN))),
  );
  const before = listing(at.model);
  const error = await failure(at, { steps: 5, every: { checkpoint: 1 } });
  assert.match(show(error, at), /^non-finite: step 1: the loss is NaN, the gradient norm NaN; nothing was updated\./);
  assert.deepEqual(await latestCheckpoint(join(at.dir, 'checkpoints')), { checkpoint: null, broken: [] });
  assert.deepEqual(listing(at.model), before);
});

test('the command line says so and ends with 1', () => {
  using at = scene();
  const recipe = join(at.root, 'recipe.json');
  writeFileSync(recipe, JSON.stringify(recipeFor(at, diverging)));
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main, 'train', recipe, '--dir', at.dir], {
    encoding: 'utf8',
  });
  assert.match(stderr, /step 2: the loss is .*, the gradient norm .*; nothing was updated\./);
  assert.match(stderr, /rows of this step: .*rows\.jsonl:[12], .*rows\.jsonl:[12]/);
  assert.equal(status, 1);
});
