import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { readMetrics, withoutTimeFields } from '../runs/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

/** Whole runs of every method that learns from feedback, through the public `train()`. */

const fruits = ['apples', 'pears', 'plums', 'cherries', 'grapes', 'lemons', 'figs', 'dates'];

/** What is preferred is what is polite; eight pairs, and the same judgements on single answers. */
function feedback(folder: string): string {
  const file = join(folder, 'feedback.jsonl');
  const rows = fruits.map((fruit, i) => {
    const answers = [`Yes please, ${fruit}.`, `No ${fruit}, go away.`];
    const prompt = `Would you like ${fruit}?`;
    return i % 2 === 0
      ? { prompt, chosen: answers[0], rejected: answers[1] }
      : { prompt, answers: answers.toReversed(), choice: 'second', annotator: 'a' };
  });
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

function recipeOf(t: TestContext, keys: object): { recipe: Recipe; folder: string } {
  const folder = temporaryFolder(t);
  const recipe = {
    model: goldenPath('models/tiny-bpe'),
    data: { train: feedback(folder) },
    batch: 4,
    microBatch: 2,
    lr: 3e-3,
    schedule: 'constant',
    precision: 'fp32',
    threads: 1,
    forgetting: false,
    every: { checkpoint: 5 },
    ...keys,
  } as Recipe;
  return { recipe, folder };
}

async function eventsOf(recipe: Recipe, dir: string, options: { resume?: boolean; stopAfter?: number } = {}) {
  const events: RunEvent[] = [];
  const run = train(recipe, { dir, inProcess: true, resume: options.resume === true });
  for await (const event of run) {
    events.push(event);
    if (event.type === 'step' && event.step === options.stopAfter) run.stop();
  }
  await run.result;
  return events;
}

const methods: Readonly<Record<string, object>> = {
  dpo: { method: 'dpo' },
  'dpo with ipo': { method: 'dpo', dpo: { loss: 'ipo', beta: 0.3 } },
  'dpo, robust': { method: 'dpo', dpo: { loss: 'robust', labelSmoothing: 0.1 } },
  orpo: { method: 'orpo' },
  simpo: { method: 'simpo' },
  'a reward model': { method: 'reward-model', rewardModel: { centring: 0.01 } },
};

for (const [name, keys] of Object.entries(methods))
  test(`${name} learns which answers are preferred`, async (t) => {
    const { recipe, folder } = recipeOf(t, { ...keys, steps: 20 });
    await eventsOf(recipe, join(folder, 'run'));
    const { steps } = readMetrics(join(folder, 'run'));
    const [first, last] = [steps[0]!, steps.at(-1)!];
    assert.ok(last.metrics!['accuracy'] === 1, `accuracy ${last.metrics!['accuracy']}`);
    assert.ok(last.loss < first.loss, `${first.loss} → ${last.loss}`);
    assert.ok(last.metrics!['margin']! > first.metrics!['margin']! + 0.05);
    if (name.startsWith('dpo')) {
      // Before the first update the model is its own reference.
      for (const key of ['chosenReward', 'rejectedReward', 'margin', 'chosenDrift'])
        assert.ok(Math.abs(first.metrics![key]!) <= 1e-5, `${key} ${first.metrics![key]}`);
      assert.ok(last.metrics!['rejectedDrift']! < last.metrics!['chosenDrift']!);
    }
  });

test('kto learns from answers by themselves', async (t) => {
  const { recipe, folder } = recipeOf(t, { method: 'kto', batch: 8, steps: 20 });
  await eventsOf(recipe, join(folder, 'run'));
  const { steps } = readMetrics(join(folder, 'run'));
  const [first, last] = [steps[0]!.metrics!, steps.at(-1)!.metrics!];
  assert.ok(Math.abs(first['kl']!) <= 1e-5 && Math.abs(first['desirableReward'] ?? 0) <= 1e-5);
  assert.ok(last['desirableReward']! > last['undesirableReward']! + 0.1, JSON.stringify(last));
});

for (const method of ['dpo', 'kto', 'reward-model'])
  test(`a ${method} run that was stopped goes on bit for bit, also where a reference has to be measured again`, async (t) => {
    const { recipe, folder } = recipeOf(t, { method, steps: 12 });
    const compares = method !== 'reward-model';
    const dirs = ['whole', 'resumed', 'remeasured'].map((name) => join(folder, name)) as [string, string, string];
    await eventsOf(recipe, dirs[0]);
    for (const dir of dirs.slice(1)) {
      await eventsOf(recipe, dir, { stopAfter: 7 });
      const again = compares && dir.endsWith('remeasured');
      if (again) rmSync(join(dir, 'reference.json'));
      const events = await eventsOf(recipe, dir, { resume: true });
      const measured = events.some((event) => event.type === 'progress' && event.what === 'reference');
      assert.equal(measured, again);
    }
    const rows = dirs.map((dir) => readMetrics(dir).steps.map(withoutTimeFields));
    assert.equal(rows[0]!.length, 12);
    assert.deepEqual(rows[1], rows[0]);
    assert.deepEqual(rows[2], rows[0]);
    if (!compares) return;
    const [whole, remeasured] = [dirs[0], dirs[2]].map((dir) => readFileSync(join(dir, 'reference.json'), 'utf8'));
    assert.equal(remeasured, whole);
  });

test('held-out pairs are measured with their accuracy', async (t) => {
  const { recipe, folder } = recipeOf(t, { method: 'dpo', steps: 10, batch: 2 });
  const data = { ...recipe.data, validation: 0.4 };
  await eventsOf({ ...recipe, data, every: { evaluate: 10, checkpoint: false } }, join(folder, 'run'));
  const { evaluations } = readMetrics(join(folder, 'run'));
  assert.deepEqual(
    evaluations.map(({ step }) => step),
    [0, 10],
  );
  assert.ok(Math.abs(evaluations[0]!.loss - Math.LN2) <= 1e-5 && evaluations[0]!.metrics!['margin']! <= 1e-5);
  assert.ok(evaluations[1]!.metrics!['accuracy']! > 0.9);
});

test('keys that would cut or pack answers are refused by name', async (t) => {
  const { recipe, folder } = recipeOf(t, { method: 'dpo', steps: 1 });
  const refused = async (keys: object, pattern: RegExp) =>
    assert.rejects(eventsOf({ ...recipe, ...keys } as Recipe, join(folder, 'run')), pattern);
  await refused(
    { data: { ...recipe.data, packing: true } },
    /data\.packing is true, but dpo compares answers one by one/,
  );
  await refused(
    { data: { ...recipe.data, overlong: 'split' } },
    /data\.overlong is split, which would cut the answers/,
  );
  await refused({ train: 'all' }, /unknown key "train"/);
  await refused({ dpo: { labelSmoothing: 0.5 } }, /dpo\.labelSmoothing is 0\.5, but must be below 0\.5/);
});
