import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError, type RunEvent, train } from '../index.ts';
import { readJsonl, readMetrics } from '../runs/index.ts';
import { drawnRewardModel } from '../testing/drawn-reward-model.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { loadRewardModel } from './reward-model.ts';

/** Runs that are rewarded by what is loaded for them, through the public `train()`. */

interface Row {
  readonly text: string;
  readonly messages: readonly { role: 'user'; content: string }[];
  readonly reward: number;
  readonly scores: readonly { reward: string; value: number }[];
}

function recipeFile(t: TestContext, keys: object): { folder: string; file: string; model: string } {
  const folder = temporaryFolder(t);
  const model = drawnRewardModel(folder);
  writeFileSync(
    join(folder, 'p.jsonl'),
    ['red ?', 'a fruit ?'].map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''),
  );
  const recipe = {
    ...{ method: 'grpo', model: goldenPath('models/tiny-bpe'), data: { train: 'p.jsonl', maxTokens: 64 } },
    ...{ rollout: { maxTokens: 8 }, batch: 16, lr: 1e-3, precision: 'fp32', threads: 1, forgetting: false, steps: 2 },
    ...keys,
  };
  const file = join(folder, 'grpo.json');
  writeFileSync(file, JSON.stringify(recipe));
  return { folder, file, model };
}

const samplesOf = (dir: string) =>
  readJsonl(join(dir, 'samples.jsonl')).rows.filter(({ type }) => type === 'rollout') as unknown as Row[];

/** Processes that this one has started and that live; null where the system does not tell. */
function children(): string | null {
  try {
    return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  } catch {
    return null;
  }
}

test('a folder is a reward model: its scores are the rewards, a second one watches, and both end with the run', async (t) => {
  const rewards = [
    { use: './reward', weight: 0.5, with: { threads: 1 } },
    { use: './reward', name: 'held', watch: true, with: { threads: 1 } },
  ];
  const { folder, file, model } = recipeFile(t, { rewards });
  const dir = join(folder, 'run');
  const before = children();
  await train(file, { dir, inProcess: true }).result;
  assert.equal(children(), before);

  const samples = samplesOf(dir);
  assert.equal(samples.length, 32);
  await using judge = await loadRewardModel(model, { precision: 'fp32', threads: 1 });
  const expected = await judge.score(
    samples.map(({ messages, text }) => [...messages, { role: 'assistant' as const, content: text }]),
  );
  for (const [i, { reward, scores }] of samples.entries()) {
    assert.deepEqual(
      scores.map((score) => score.reward),
      ['reward', 'held'],
    );
    for (const { value } of scores)
      assert.ok(Math.abs(value - expected[i]!) <= 1e-5 * Math.max(1, Math.abs(expected[i]!)));
    assert.equal(reward, 0.5 * scores[0]!.value, 'the watch pays nothing');
  }
  const [first] = readMetrics(dir).steps;
  const mean = samples.slice(0, 16).reduce((sum, { scores }) => sum + scores[1]!.value, 0) / 16;
  assert.ok(Math.abs(first!.metrics!['reward.held']! - mean) < 1e-9);
  assert.ok(Math.abs(first!.metrics!['reward']! - 0.5 * mean) < 1e-6);
});

test('an alarm on the watch ends a run whose held-out reward falls', async (t) => {
  const { folder, file } = recipeFile(t, {
    rewards: [
      { use: 'exact', onError: 'skip' },
      { use: './reward', watch: true, with: { threads: 1 } },
    ],
    alarms: [{ metric: 'reward.reward', below: 1000, steps: 1, action: 'stop' }],
  });
  const events: RunEvent[] = [];
  for await (const event of train(file, { dir: join(folder, 'run'), inProcess: true })) events.push(event);
  const finish = events.at(-1)!;
  assert.equal(finish.type === 'finish' && finish.status, 'stopped');
  assert.equal(readMetrics(join(folder, 'run')).steps.length, 1);
});

test('a resumed run refuses a reward model with other weights, and no engine is left behind', async (t) => {
  const { folder, file, model } = recipeFile(t, { rewards: [{ use: './reward', with: { threads: 1 } }] });
  const dir = join(folder, 'run');
  const run = train(file, { dir, inProcess: true });
  for await (const event of run) if (event.type === 'step') run.stop();
  const weights = readFileSync(join(model, 'model.safetensors'));
  weights[weights.length - 1]! ^= 1;
  writeFileSync(join(model, 'model.safetensors'), weights);
  const before = children();
  await assert.rejects(train(file, { dir, inProcess: true, resume: true }).result, (error) => {
    assert.ok(PosttrainError.is(error) && error.code === 'recipe-invalid');
    assert.match(error.message, /rewards\.0\.sha256: began with "[0-9a-f]{64}", now "[0-9a-f]{64}"/);
    return true;
  });
  assert.equal(children(), before);
});

test('where one reward cannot be loaded, the others are given back and nothing begins', async (t) => {
  const { folder, file } = recipeFile(t, {
    rewards: [{ use: './reward', with: { threads: 1 } }, { use: goldenPath('models/tiny-bpe') }],
  });
  const before = children();
  await assert.rejects(train(file, { dir: join(folder, 'run'), inProcess: true }).result, {
    code: 'model-invalid',
    message: /no head that scores/,
  });
  assert.equal(children(), before);
});

test('an answer that the reward model cannot see whole is named, or done without', async (t) => {
  const skip = { rewards: [{ use: './reward', with: { threads: 1 }, onError: 'skip' }] };
  const { folder, file } = recipeFile(t, { ...skip, steps: 1, data: { train: 'p.jsonl', maxTokens: 120 } });
  const prompts = ['red ?', 'lamp '.repeat(20)];
  writeFileSync(join(folder, 'p.jsonl'), prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''));
  const model = join(folder, 'reward/config.json');
  const config = JSON.parse(readFileSync(model, 'utf8')) as object;
  writeFileSync(model, JSON.stringify({ ...config, max_position_embeddings: 24 }));
  await train(file, { dir: join(folder, 'run'), inProcess: true }).result;
  const said = samplesOf(join(folder, 'run')).map(
    ({ scores }) => scores[0] as { value: number | null; error?: string },
  );
  const failed = said.filter(({ value }) => value === null);
  assert.ok(failed.length > 0 && failed.length < said.length, `${failed.length} of ${said.length}`);
  for (const { error } of failed) assert.match(error!, /tokens; the reward model sees 24/);
});
