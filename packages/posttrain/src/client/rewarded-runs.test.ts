import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError, type RunEvent, train } from '../index.ts';
import { readJsonl, readMetrics } from '../runs/index.ts';
import { drawnRewardModel } from '../testing/drawn-reward-model.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { loadRewardModel } from './reward-model.ts';

/** A judge's server on this machine that can be killed and started again at its address. */
async function judgeServer(t: TestContext, verdict: (question: string) => string) {
  const asked: string[] = [];
  let port = 0;
  let server: Server;
  const start = async () => {
    server = createServer(async (incoming, outgoing) => {
      let body = '';
      for await (const chunk of incoming) body += String(chunk);
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      asked.push(messages.at(-1)!.content);
      outgoing.end(JSON.stringify({ choices: [{ message: { content: verdict(asked.at(-1)!) } }] }));
      if (asked.length === killAfter) kill();
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const kill = () => {
    server.close();
    server.closeAllConnections();
  };
  let killAfter = Number.POSITIVE_INFINITY;
  await start();
  t.after(kill);
  return {
    asked,
    start,
    model: `http://127.0.0.1:${port}/v1#judge`,
    killAfter: (calls: number) => (killAfter = calls),
  };
}

/** Runs that are rewarded by what is loaded for them, through the public `train()`. */

interface Row {
  readonly id: string;
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

const rubric = [
  { criterion: 'is short', points: 3 },
  { criterion: 'is rude', points: -1 },
];

test('a rubric by a judge whose server dies: the run stops, pays nothing twice, and goes on as if nothing had been', async (t) => {
  const server = await judgeServer(t, () => '{"met": [true, true]}');
  const { folder, file } = recipeFile(t, {
    rewards: [{ use: 'rubric', with: { model: server.model, criteria: './c.json' } }],
  });
  writeFileSync(join(folder, 'c.json'), JSON.stringify(rubric));
  await train(file, { dir: join(folder, 'whole'), inProcess: true }).result;
  const paid = server.asked.length;
  assert.equal(paid, 32);
  assert.ok(samplesOf(join(folder, 'whole')).every(({ reward }) => Math.abs(reward - 2 / 3) < 1e-12));

  server.killAfter(paid + 21);
  const dir = join(folder, 'killed');
  await assert.rejects(train(file, { dir, inProcess: true }).result, (error) => {
    assert.ok(PosttrainError.is(error) && error.code === 'endpoint-failed');
    assert.match(error.message, /judge judge gave no verdict on a rubric: .*cannot be reached/);
    return true;
  });
  const known = samplesOf(dir).filter(({ scores }) => scores.length > 0).length;
  await server.start();
  server.killAfter(-1);
  await train(file, { dir, inProcess: true, resume: true }).result;
  // An answer that was on its way when the server died may have been paid for without ever arriving.
  const onTheWay = 21 - known;
  assert.ok(known > 12 && onTheWay >= 0, `${known} known`);
  assert.equal(server.asked.length, paid + 32 + onTheWay);
  const answers = ['whole', 'killed'].map(
    (name) => new Map(samplesOf(join(folder, name)).map(({ id, reward }) => [id, reward])),
  );
  assert.deepEqual(answers[1], answers[0]);
});

test('a judge against the reference of each row, by one principle; what the server does not answer is skipped', async (t) => {
  const server = await judgeServer(t, (question) => {
    assert.match(question, /Be brief/);
    assert.doesNotMatch(question, /Be kind/);
    return /Answer 1:\n<text>\nyes\n/.test(question) ? '{"better": 2}' : '{"better": 1}';
  });
  const options = { model: server.model, principles: './p.md', principle: 'brief' };
  const rewards = [
    { use: 'judge', with: options, onError: 'skip' },
    { use: 'json', with: { required: ['x'] } },
  ];
  const { folder, file } = recipeFile(t, { rewards, steps: 1 });
  writeFileSync(join(folder, 'p.md'), '## Kind\nBe kind.\n\n## Brief\nBe brief.\n');
  const rows = [{ prompt: 'red ?', reference: 'yes' }, { prompt: 'a fruit ?' }];
  writeFileSync(join(folder, 'p.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  server.killAfter(8);
  await train(file, { dir: join(folder, 'run'), inProcess: true }).result;
  const said = samplesOf(join(folder, 'run')).map(
    ({ scores }) => scores[0] as { value: number | null; error?: string },
  );
  const count = (of: (score: (typeof said)[number]) => boolean) => said.filter(of).length;
  assert.equal(
    count(({ value, error }) => value === null && error === undefined),
    8,
    'without a reference',
  );
  assert.ok(count(({ value }) => value === 1) >= 1, 'better in both orders');
  assert.ok(count(({ error }) => error !== undefined) >= 1, 'after the server died');
  assert.equal(readMetrics(join(folder, 'run')).steps.length, 1);
});

test('what a judge needs is told before anything is loaded', async (t) => {
  const refused = async (reward: object, message: RegExp, help?: RegExp) => {
    const { folder, file } = recipeFile(t, { rewards: [reward] });
    writeFileSync(join(folder, 'p.md'), '## Kind\nBe kind.\n');
    writeFileSync(join(folder, 'c.json'), '[{"criterion": "is short"}]');
    const expected = help === undefined ? { message } : { message, help };
    await assert.rejects(train(file, { dir: join(folder, 'run'), inProcess: true }).result, expected);
  };
  const model = 'http://127.0.0.1:1/v1#m';
  await refused({ use: 'judge' }, /judge needs with\.model/);
  await refused({ use: 'judge', with: { model, principle: 'kind' } }, /with\.principle names one of with\.principles/);
  await refused(
    { use: 'judge', with: { model, principles: './p.md', principle: 'kin' } },
    /has no principle kin/,
    /it has kind/,
  );
  await refused({ use: 'judge', with: { model, principles: './q.md' } }, /There is no file .*q\.md/);
  await refused({ use: 'rubric', with: { model, criteria: './c.json' } }, /rubric\[0\] has points/);
  await refused({ use: 'rubric', with: { model: './nobody' } }, /There is no .*nobody/);
});
