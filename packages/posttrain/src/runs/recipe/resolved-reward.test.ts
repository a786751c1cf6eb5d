import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { writeCheckpoint } from '../checkpoint.ts';
import { loadRecipe } from './load.ts';
import type { Recipe } from './recipe.generated.ts';
import { resolveRecipe } from './resolve.ts';

const recipeOf = (rewards: readonly object[]) =>
  ({ method: 'grpo', model: 'pocket', data: { train: 'p.jsonl' }, lr: 1e-3, rewards }) as unknown as Recipe;

async function rewardsOf(cwd: string, rewards: readonly object[]) {
  return (await resolveRecipe(await loadRecipe(recipeOf(rewards), [], { cwd }))).rewards!;
}

async function runFolder(t: TestContext, steps: readonly number[]) {
  const cwd = temporaryFolder(t);
  const run = join(cwd, 'runs/rm');
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, 'run.json'), '{}');
  for (const step of steps) await addCheckpoint(run, step);
  return { cwd, run };
}

const addCheckpoint = (run: string, step: number) =>
  writeCheckpoint(join(run, 'checkpoints'), step, async (folder) => {
    writeFileSync(join(folder, 'config.json'), '{}');
    writeFileSync(join(folder, 'model.safetensors'), `weights ${step}`);
  });

test('a run folder is its newest checkpoint with the hash of its model, in fp32, many at once', async (t) => {
  const { cwd, run } = await runFolder(t, [5, 10]);
  const [reward, code] = await rewardsOf(cwd, [
    { use: './runs/rm', weight: 2 },
    { use: 'exact', watch: true },
  ]);
  assert.deepEqual(
    { ...reward, sha256: undefined },
    {
      use: join(run, 'checkpoints/step-10'),
      ...{ weight: 2, gate: false, watch: false, retries: 0, onError: 'stop' },
      ...{ with: { precision: 'fp32', threads: 'auto' }, timeout: 600, concurrency: 256, sha256: undefined },
    },
  );
  assert.match(reward!.sha256!, /^[0-9a-f]{64}$/);
  assert.deepEqual([code!.timeout, code!.concurrency, code!.watch, code!.with], [60, 8, true, undefined]);

  // What was resolved is a recipe that resolves to the same, under the name of the run.
  assert.deepEqual(await rewardsOf(cwd, [reward!]), [reward]);
  const { rewardName } = await import('./reward-use.ts');
  assert.deepEqual([rewardName('./runs/rm'), rewardName('runs/rm/'), rewardName(reward!.use)], ['rm', 'rm', 'rm']);
});

test('other weights, another tokenizer and another checkpoint are another reward', async (t) => {
  const { cwd, run } = await runFolder(t, [5]);
  const hash = async () => (await rewardsOf(cwd, [{ use: './runs/rm' }]))[0]!;
  const before = await hash();
  await addCheckpoint(run, 6);
  const later = await hash();
  assert.notEqual(later.use, before.use);
  assert.notEqual(later.sha256, before.sha256);
  const copy = join(cwd, 'copy');
  mkdirSync(copy);
  writeFileSync(join(copy, 'config.json'), '{}');
  writeFileSync(join(copy, 'model.safetensors'), 'weights 5');
  const [same] = await rewardsOf(cwd, [{ use: './copy' }]);
  assert.equal(same!.sha256, before.sha256, 'the same files in another folder are the same model');
  writeFileSync(join(copy, 'tokenizer.json'), '{}');
  const [other] = await rewardsOf(cwd, [{ use: './copy' }]);
  assert.notEqual(other!.sha256, before.sha256);
  await assert.rejects(rewardsOf(cwd, [{ use: './copy', sha256: before.sha256 }]), {
    code: 'recipe-invalid',
    message: "reward copy is not the one of the recipe's sha256.",
  });
});

test('an adapter is the model of its base too', async (t) => {
  const cwd = temporaryFolder(t);
  for (const name of ['base', 'adapter']) mkdirSync(join(cwd, name));
  writeFileSync(join(cwd, 'base/model.safetensors'), 'one');
  writeFileSync(join(cwd, 'adapter/adapter_model.safetensors'), 'a');
  writeFileSync(
    join(cwd, 'adapter/adapter_config.json'),
    JSON.stringify({ base_model_name_or_path: join(cwd, 'base') }),
  );
  const [before] = await rewardsOf(cwd, [{ use: './adapter' }]);
  writeFileSync(join(cwd, 'base/model.safetensors'), 'two');
  const [after] = await rewardsOf(cwd, [{ use: './adapter' }]);
  assert.notEqual(after!.sha256, before!.sha256);
});

test('a folder that is no model, is damaged, or is not there says so', async (t) => {
  const { cwd, run } = await runFolder(t, [5, 10]);
  writeFileSync(join(run, 'checkpoints/step-10/model.safetensors'), 'weights XX');
  await assert.rejects(rewardsOf(cwd, [{ use: './runs/rm' }]), {
    code: 'checkpoint-invalid',
    message: /step-10 is damaged: model\.safetensors has another hash than its manifest says/,
    help: /such as .*step-5\.$/,
  });
  await assert.rejects(rewardsOf(cwd, [{ use: './runs' }]), {
    code: 'model-invalid',
    message: /neither a model folder/,
  });
  await assert.rejects(rewardsOf(cwd, [{ use: './runs/mr' }]), { code: 'file-missing', message: /runs\/mr/ });
});

test('what contradicts itself about a watch, a name or the keys of `with` is refused in its place', async (t) => {
  const cwd = temporaryFolder(t);
  const refused = (rewards: readonly object[], message: RegExp) =>
    assert.rejects(rewardsOf(cwd, rewards), { code: 'recipe-invalid', message });
  const pays = { use: 'exact' };
  await refused(
    [pays, { use: './rm', watch: true, gate: true }],
    /a watch pays nothing and takes nothing, so it is no gate/,
  );
  await refused([pays, { use: './rm', watch: true, weight: 2 }], /a watch is never part of the sum.*\(2\)/);
  await refused(
    [
      { use: './rm', watch: true },
      { ...pays, gate: true },
    ],
    /every reward is a gate or a watch, and none pays/,
  );
  await refused([{ use: './a/rm' }, { use: './b/rm' }], /two rewards are called rm/);
  await refused([{ use: './a/rm', name: 'exact' }, pays], /two rewards are called exact/);
  await refused([{ use: './a/rm', name: 'a b' }], /rewards\.0\.name/);
  await refused([{ ...pays, with: { threads: 2 } }], /exact takes no threads/);
  await refused([{ use: './r.ts#cited', with: { precision: 'bf16' } }], /cited takes no precision/);
  await refused([{ use: './rm', with: { thread: 2 } }], /unknown key "rewards\.0\.with\.thread"/);
});
