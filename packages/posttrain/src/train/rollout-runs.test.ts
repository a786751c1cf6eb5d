import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PosttrainError, type Recipe, type RunEvent, train } from '../index.ts';
import { readJsonl, readMetrics, withoutTimeFields } from '../runs/index.ts';
import type { Sample } from '../scoring/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { writeShape } from '../testing/truncated-model.ts';

/** Whole runs of the methods that learn from rollouts, through the public `train()`. */

const questions = ['What is red?', 'Name a fruit.', 'Where do cats sleep at night?', 'Say it.'];

function promptFile(folder: string): string {
  const file = join(folder, 'prompts.jsonl');
  const rows = questions.map((prompt, i) => ({ prompt, answer: `${i}` }));
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

/** How much of an answer is of the lower half of the vocabulary: about a half before training. */
function lowIds({ tokens }: Sample): number {
  return tokens.filter((token) => token < 150).length / tokens.length;
}

function recipeOf(t: TestContext, keys: object): { recipe: Recipe; folder: string } {
  const folder = temporaryFolder(t);
  const recipe = {
    method: 'grpo',
    model: goldenPath('models/tiny-bpe'),
    data: { train: promptFile(folder), maxTokens: 64 },
    rollout: { maxTokens: 12 },
    rewards: [{ use: lowIds }],
    batch: 16,
    microBatch: 4,
    lr: 3e-3,
    schedule: 'constant',
    precision: 'fp32',
    threads: 1,
    forgetting: false,
    every: { checkpoint: 100 },
    ...keys,
  } as Recipe;
  return { recipe, folder };
}

interface RunOptions {
  readonly resume?: boolean;
  readonly stopAfter?: number;
  readonly inProcess?: boolean;
}

async function eventsOf(recipe: Recipe | string, dir: string, options: RunOptions = {}) {
  const events: RunEvent[] = [];
  const run = train(recipe, { dir, inProcess: options.inProcess !== false, resume: options.resume === true });
  for await (const event of run) {
    events.push(event);
    if (event.type === 'step' && event.step === options.stopAfter) run.stop();
  }
  await run.result;
  return events;
}

const metricsOf = (dir: string) => readMetrics(dir).steps.map(({ metrics }) => metrics!);
const samplesOf = (dir: string) => readJsonl(join(dir, 'samples.jsonl')).rows.filter(({ type }) => type === 'rollout');

const variants: Readonly<Record<string, object>> = {
  grpo: {},
  'dr. grpo, sampled sharply': {
    grpo: { scale: 'none', loss: 'constant' },
    rollout: { maxTokens: 12, temperature: 0.7 },
  },
  'grpo with adapters': { lora: { rank: 8 }, grpo: { beta: 0.01 }, lr: 2e-2 },
  dapo: { grpo: { loss: 'token', clipHigh: 0.28, zeroVariance: 'resample', lengthMargin: 4, passes: 2 } },
  gspo: { grpo: { ratio: 'sequence', clipLow: 3e-4, clipHigh: 4e-4, minibatches: 2 } },
  cispo: { grpo: { surrogate: 'cispo', loss: 'token', passes: 2 } },
  'grpo with a divergence in the loss': { grpo: { beta: 0.01 } },
  'grpo with a divergence in the reward': { grpo: { beta: 0.001, kl: 'reward' } },
  rloo: { method: 'rloo' },
  'rloo with an entropy bonus': { method: 'rloo', rloo: { entropy: 0.01 } },
  ppo: { method: 'ppo', ppo: { passes: 2, beta: 0.01 } },
  'ppo with adapters': { method: 'ppo', lora: { rank: 8 }, lr: 2e-2, ppo: { passes: 2, beta: 0.01, criticLr: 3e-3 } },
  'ppo in minibatches, with an entropy bonus': {
    ...{ method: 'ppo', ppo: { passes: 1, minibatches: 2, entropy: 0.01, clipValue: false } },
  },
};

for (const [name, keys] of Object.entries(variants))
  test(`${name} learns what is rewarded`, async (t) => {
    const { recipe, folder } = recipeOf(t, { ...keys, steps: 16 });
    await eventsOf(recipe, join(folder, 'run'));
    const metrics = metricsOf(join(folder, 'run'));
    const mean = (list: typeof metrics) => list.reduce((sum, step) => sum + step['reward.lowIds']!, 0) / list.length;
    const [before, after] = [mean(metrics.slice(0, 2)), mean(metrics.slice(-2))];
    assert.ok(after > before + 0.1, `${before} → ${after}`);
    const [first] = metrics;
    assert.equal(first!['ratio'], 1);
    // At every state of the weights: what is drawn follows each update, at the temperature of the trainer.
    const mismatches = metrics.flatMap(({ mismatchMax }) => mismatchMax ?? []);
    assert.ok(mismatches.length >= 4);
    assert.ok(Math.max(...mismatches) <= 1e-4, `${Math.max(...mismatches)} nats between sampler and trainer`);
    if (JSON.stringify(keys).includes('beta')) {
      assert.ok(first!['kl']! <= 1e-9);
      assert.ok(metrics.at(-1)!['kl']! > 1e-4);
    }
  });

test('in bf16 sampler and trainer differ by more, which is recorded and weighed', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 3, precision: 'bf16' });
  await eventsOf(recipe, join(folder, 'run'));
  for (const { mismatch, mismatchMax, ratio } of metricsOf(join(folder, 'run'))) {
    assert.ok(mismatchMax! > 1e-4 && mismatchMax! < 1, `${mismatchMax}`);
    assert.ok(mismatch! < mismatchMax! && ratio === 1);
  }
});

for (const [name, keys] of Object.entries({
  'several updates a phase': { grpo: { passes: 2, minibatches: 2, beta: 0.05 }, steps: 10 },
  resampling: { method: 'rloo', rloo: { zeroVariance: 'resample', beta: 0.01 }, steps: 5 },
  'ppo with its critic': { method: 'ppo', ppo: { passes: 2, minibatches: 2, clipValue: 0.05 }, steps: 7 },
  'ppo with adapters': { method: 'ppo', lora: { rank: 4 }, ppo: { passes: 2 }, steps: 6 },
}))
  test(`a run that was stopped, or lost its last steps, repeats bit for bit and pays no score twice: ${name}`, async (t) => {
    let calls = 0;
    const counted = (sample: Sample) => {
      calls++;
      // A critic needs something to expect from the first answers on.
      return 'ppo' in keys ? lowIds(sample) : Number(lowIds(sample) > 0.5);
    };
    const { recipe, folder } = recipeOf(t, { ...keys, rewards: [{ use: counted }], every: { checkpoint: 3, keep: 9 } });
    const [whole, resumed] = [join(folder, 'whole'), join(folder, 'resumed')];
    await eventsOf(recipe, whole);
    const paid = calls;
    await eventsOf(recipe, resumed, { stopAfter: 4 });
    // As if the machine had died before the last checkpoint: two steps are done again.
    rmSync(join(resumed, 'checkpoints/step-4'), { recursive: true });
    await eventsOf(recipe, resumed, { resume: true });
    assert.equal(calls, 2 * paid);
    const rows = [whole, resumed].map((dir) => readMetrics(dir).steps.map(withoutTimeFields));
    assert.deepEqual(rows[1], rows[0]);
    const last = `checkpoints/step-${recipe.steps}`;
    const files = Object.keys(JSON.parse(readFileSync(join(whole, last, 'manifest.json'), 'utf8')).files as object);
    for (const file of files.filter((name) => name.endsWith('.safetensors'))) {
      const [one, other] = [whole, resumed].map((dir) => readFileSync(join(dir, last, file)));
      assert.ok(other!.equals(one!), `${file} differs`);
    }
    const critics = files.filter((name) => /critic/.test(name) && name.endsWith('.safetensors'));
    assert.equal(critics.length, recipe.method === 'ppo' ? 2 : 0, `${critics}`);
    const answers = [whole, resumed].map((dir) => new Map(samplesOf(dir).map(({ id, text }) => [id, text])));
    assert.deepEqual(answers[1], answers[0]);
  });

test('a critic comes to expect what answers earn, and can be opened as a reward model and begun with again', async (t) => {
  /** Known from the prompt alone. */
  const known = ({ messages }: Sample) => (/fruit|cats/.test(messages[0]!.content) ? 1 : -1);
  const { recipe, folder } = recipeOf(t, { method: 'ppo', rewards: [{ use: known }], steps: 24, lr: 3e-4 });
  const keys = { passes: 2, criticLr: 3e-3, beta: 0, clipValue: false };
  await eventsOf({ ...recipe, ppo: keys } as Recipe, join(folder, 'run'));
  const metrics = metricsOf(join(folder, 'run'));
  const [first, last] = [metrics[0]!, metrics.at(-1)!];
  assert.deepEqual([first['value'], first['explainedVariance']], [0, 0], 'a head of zeros expects nothing');
  assert.ok(last['explainedVariance']! > 0.8, `explained variance ${last['explainedVariance']}`);
  assert.ok(last['criticLoss']! < 0.3 * first['criticLoss']!, `${first['criticLoss']} → ${last['criticLoss']}`);
  assert.equal('zeroVariance' in last, false, 'an answer by itself has no group');

  const critic = join(folder, 'run/checkpoints/step-24/critic');
  const again = { ...recipe, steps: 1, ppo: { ...keys, critic } } as Recipe;
  await eventsOf(again, join(folder, 'again'));
  assert.ok(metricsOf(join(folder, 'again'))[0]!['explainedVariance']! > 0.8);
});

test('an answer that was cut costs what the recipe says', async (t) => {
  const { recipe, folder } = recipeOf(t, { method: 'ppo', steps: 1, rewards: [{ use: () => 1 }] });
  await eventsOf({ ...recipe, ppo: { truncatedPenalty: 0.75 } } as Recipe, join(folder, 'run'));
  const { reward, truncated } = metricsOf(join(folder, 'run'))[0]!;
  assert.ok(truncated! > 0);
  assert.ok(Math.abs(reward! - (1 - 0.75 * truncated!)) <= 1e-12);
});

test('a stop while answers are scored keeps what was paid for, and the run goes on as if there had been none', async (t) => {
  const calls: string[] = [];
  let stopAt = Number.POSITIVE_INFINITY;
  let stop = () => {};
  const counted = async ({ tokens }: Sample) => {
    calls.push(tokens.join());
    if (calls.length === stopAt) stop();
    await nextTurn();
    return tokens[0]! % 5;
  };
  const { recipe, folder } = recipeOf(t, { steps: 3, rewards: [{ use: counted, concurrency: 2 }] });
  await eventsOf(recipe, join(folder, 'whole'));
  const paid = calls.length;
  stopAt = paid + 22;
  const run = train(recipe, { dir: join(folder, 'stopped'), inProcess: true });
  stop = () => run.stop();
  assert.deepEqual([(await run.result).status, (await run.result).steps], ['stopped', 1]);
  assert.ok(calls.length < paid + 26, 'calls that had not begun were not made');
  await eventsOf(recipe, join(folder, 'stopped'), { resume: true });
  assert.equal(calls.length, 2 * paid);
  const rows = ['whole', 'stopped'].map((name) => readMetrics(join(folder, name)).steps.map(withoutTimeFields));
  assert.deepEqual(rows[1], rows[0]);
});

test('rewards of a file run in this process, while the model is in another, gates before what they guard', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 2, grpo: { group: 4 }, batch: 8 });
  writeFileSync(
    join(folder, 'rewards.ts'),
    `export const even = ({ tokens }: { tokens: readonly number[] }): number => (tokens.length % 2 === 0 ? 1 : 0);
     export const host = ({ row, text }: { row: { answer: string }; text: string }) =>
       ({ value: Number(row.answer), parts: { process: ${process.pid} === process.pid ? 1 : 0 }, why: text.slice(0, 3) });\n`,
  );
  const rewards = [{ use: './rewards.ts#host', weight: 2 }, { use: './rewards.ts#even', gate: true }, { use: 'exact' }];
  writeFileSync(join(folder, 'grpo.json'), JSON.stringify({ ...recipe, rewards }));
  const events = await eventsOf(join(folder, 'grpo.json'), join(folder, 'run'), { inProcess: false });
  assert.equal(events.at(-1)!.type, 'finish');
  const samples = samplesOf(join(folder, 'run'));
  assert.equal(samples.length, 16);
  for (const { scores, reward, tokens, id } of samples as unknown as SampleRow[]) {
    const [value] = scores.filter((score) => score.reward === 'host');
    const gate = scores.find((score) => score.reward === 'even')!;
    assert.equal(gate.value, tokens.length % 2 === 0 ? 1 : 0);
    assert.equal(value === undefined, gate.value === 0, `${id}: a shut gate asks nothing`);
    if (value) assert.deepEqual([value.parts['process'], reward], [1, 2 * value.value!]);
    else assert.equal(reward, 0);
  }
  const resolved = JSON.parse(readFileSync(join(folder, 'run/resolved.json'), 'utf8')) as Recipe & { method: 'grpo' };
  assert.match(resolved.rewards[0]!.sha256!, /^[0-9a-f]{64}$/);
  assert.equal(resolved.rewards[0]!.use, join(folder, 'rewards.ts#host'));
});

interface SampleRow {
  readonly id: string;
  readonly tokens: readonly number[];
  readonly reward: number | null;
  readonly scores: readonly { reward: string; value: number | null; parts: Record<string, number>; calls: number }[];
}

/** A reward that does something else from its n-th call on. */
function failingAfter(count: number, fail: () => unknown) {
  let calls = 0;
  return function brittle(sample: Sample) {
    return ++calls > count ? (fail() as number) : lowIds(sample);
  };
}

const faults: Readonly<Record<string, readonly [fail: () => unknown, message: RegExp]>> = {
  throws: [
    () => {
      throw new Error('no such host');
    },
    /reward brittle threw: no such host/,
  ],
  'gives NaN': [() => Number.NaN, /reward brittle gave NaN/],
  hangs: [() => new Promise(() => {}), /reward brittle took longer than 0\.2 s/],
};

for (const [name, [fail, message]] of Object.entries(faults))
  test(`a reward that ${name} ends the run by its name, after a checkpoint, and the run goes on once it is mended`, async (t) => {
    let mended = false;
    const brittle = failingAfter(20, () => (mended ? 0.5 : fail()));
    const { recipe, folder } = recipeOf(t, { steps: 2, rewards: [{ use: brittle, timeout: 0.2 }] });
    const dir = join(folder, 'run');
    await assert.rejects(eventsOf(recipe, dir), (error) => {
      assert.ok(PosttrainError.is(error) && error.code === 'reward-invalid');
      assert.match(error.message, message);
      return true;
    });
    assert.ok(existsSync(join(dir, 'checkpoints/step-1/manifest.json')));
    const before = samplesOf(dir).filter(({ scores }) => (scores as unknown[]).length > 0).length;
    assert.equal(before, 20);
    mended = true;
    await eventsOf(recipe, dir, { resume: true });
    assert.equal(readMetrics(dir).steps.length, 2);
  });

test('a reward may be asked again, or done without', async (t) => {
  const broken = new Set<string>();
  const flaky = ({ tokens }: Sample) => {
    const key = tokens.join();
    if (broken.has(key)) return 1;
    broken.add(key);
    throw new Error('busy');
  };
  const never = ({ tokens }: Sample) => {
    if (tokens.length % 2 === 0) throw new Error('down');
    return 1;
  };
  const rewards = [
    { use: flaky, retries: 1 },
    { use: never, onError: 'skip' },
  ];
  const { recipe, folder } = recipeOf(t, { steps: 1, rewards });
  await eventsOf(recipe, join(folder, 'run'));
  for (const { scores, tokens, reward } of samplesOf(join(folder, 'run')) as unknown as SampleRow[]) {
    assert.deepEqual([scores[0]!.value, scores[1]!.value], [1, tokens.length % 2 === 0 ? null : 1]);
    assert.equal(reward, tokens.length % 2 === 0 ? 1 : 2);
    assert.ok(scores[0]!.calls === 2 || scores[0]!.calls === 1);
  }
});

test('answers that no reward applies to, or that were cut, are left out; flat groups are counted', async (t) => {
  const some = ({ tokens }: Sample) => (tokens[0]! % 2 === 0 ? 1 : null);
  const long = { rollout: { maxTokens: 60 }, data: { train: promptFile(temporaryFolder(t)), maxTokens: 110 } };
  const { recipe, folder } = recipeOf(t, { ...long, steps: 1, rewards: [{ use: some }] });
  await eventsOf(recipe, join(folder, 'nulls'));
  await eventsOf(
    { ...recipe, rewards: [{ use: lowIds }], grpo: { maskTruncated: true } } as Recipe,
    join(folder, 'masked'),
  );
  const [nulls, masked] = ['nulls', 'masked'].map((name) => metricsOf(join(folder, name))[0]!);
  assert.equal(nulls!['zeroVariance'], 1);
  assert.equal(nulls!['learnt'], 16 * (1 - nulls!['unscored']!));
  assert.ok(nulls!['unscored']! > 0 && nulls!['unscored']! < 1);
  assert.equal(masked!['learnt'], 16 * (1 - masked!['truncated']!));
  assert.ok(masked!['truncated']! < 1);
  const [one, other] = ['nulls', 'masked'].map((name) =>
    samplesOf(join(folder, name)).map(({ id, tokens }) => [id, tokens]),
  );
  assert.deepEqual(one, other, 'rewards have no say in what is drawn');
});

test('an alarm warns, or stops the run after a checkpoint', async (t) => {
  const alarms = [
    { metric: 'entropy', below: 100, steps: 2 },
    { metric: 'length', above: 0.5, steps: 3, action: 'stop' },
    { metric: 'entropi', above: 1 },
  ];
  const { recipe, folder } = recipeOf(t, { steps: 9, alarms });
  const events = await eventsOf(recipe, join(folder, 'run'));
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [`${event.message} ${event.help}`] : []));
  assert.match(warnings[0]!, /no metric entropi.*it has entropy/);
  assert.match(warnings[1]!, /step 2: entropy is [\d.]+, below 100 for 2 steps\./);
  assert.match(warnings[2]!, /step 3: length is [\d.]+, above 0\.5 for 3 steps; the run stops here/);
  assert.deepEqual(events.at(-1)!.type === 'finish' && events.at(-1), {
    type: 'finish',
    status: 'stopped',
    checkpoint: join(folder, 'run/checkpoints/step-3'),
  });
});

test('what contradicts rollouts is refused by name', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 1 });
  const refused = async (keys: object, pattern: RegExp) =>
    assert.rejects(eventsOf({ ...recipe, ...keys } as Recipe, join(folder, 'run')), pattern);
  const use = lowIds;
  await refused({ rollout: { topP: 0.9 } }, /rollout\.topP/);
  await refused({ rollout: { top_k: 5 } }, /rollout\.top_k/);
  await refused({ batch: 12 }, /grpo\.group \(8\) does not divide the 12 answers/);
  await refused({ rewards: [{ use, gate: true }] }, /every reward is a gate/);
  await refused({ rewards: [{ use }, { use }] }, /two rewards are called lowIds/);
  await refused({ rewards: [{ use: 'exakt' }] }, /There is no file .*exakt/);
  await refused({ data: { ...recipe.data, validation: 0.1 } }, /no loss to measure on prompts that are held out/);
  await refused({ data: { ...recipe.data, maxTokens: 12 } }, /leaves nothing for prompts/);
  await refused({ data: { ...recipe.data, maxTokens: 20 } }, /rows are longer than maxTokens/);
  await refused({ grpo: { kl: 'k1-in-loss' } }, /grpo\.kl is "k1-in-loss", but must be loss or reward/);
  await refused({ grpo: { kl: 'reward', compat: 'grpo-paper' } }, /grpo\.compat puts k3 into the loss/);
  await refused({ alarms: [{ metric: 'kl' }] }, /neither above nor below/);
  await refused({ method: 'ppo', ppo: { group: 4 } }, /ppo\.group/);
  await refused(
    { method: 'ppo', ppo: { lengthMargin: 40 } },
    /ppo\.lengthMargin \(40\) is more than rollout\.maxTokens/,
  );
  assert.ok(!existsSync(join(folder, 'run')));
});

test('a critic that does not fit is refused by what does not fit', async (t) => {
  const { recipe, folder } = recipeOf(t, { method: 'ppo', steps: 1 });
  const refused = async (keys: object, pattern: RegExp) => {
    await assert.rejects(eventsOf({ ...recipe, ...keys } as Recipe, join(folder, 'run')), pattern);
    assert.ok(!existsSync(join(folder, 'run')));
  };
  await refused({ ppo: { critic: 'pocket' } }, /the critic pocket has other tokens than the model \(858 against 512\)/);
  await refused({ ppo: { critic: './nowhere' } }, /there is no model at .*nowhere/);
  const own = goldenPath('models/tiny-bpe');
  const narrow = writeShape(join(folder, 'narrow'), own, { max_position_embeddings: 8 });
  await refused(
    { ppo: { critic: narrow } },
    /the longest sequence has 64 tokens, but the critic .*narrow was made for 8/,
  );
  const wide = writeShape(join(folder, 'wide'), own, { vocab_size: 600 });
  await refused(
    { model: wide, init: 'random', ppo: { critic: own } },
    /the critic .*tiny-bpe knows 512 tokens, the model writes 600/,
  );
});

test('a recipe file runs no code from outside its folder unless it is allowed to', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 1 });
  writeFileSync(join(folder, 'outside.js'), 'export default ({ tokens }) => tokens.length;');
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'inner/r.json'), JSON.stringify({ ...recipe, rewards: [{ use: '../outside.js' }] }));
  const dir = join(folder, 'run');
  const call = (allowCode: boolean) => train(join(folder, 'inner/r.json'), { dir, inProcess: true, allowCode }).result;
  await assert.rejects(call(false), /outside\.js lies outside the recipe's folder/);
  await call(true);
  assert.ok('reward.outside' in metricsOf(dir)[0]!);
});
