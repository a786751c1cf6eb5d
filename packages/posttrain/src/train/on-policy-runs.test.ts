import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { readMetrics, withoutTimeFields } from '../runs/index.ts';
import { readJsonl } from '../runs/jsonl-log.ts';
import { Random } from '../support/random.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { writeTruncated } from '../testing/truncated-model.ts';

/** Distillation on what the student draws itself, through the public `train()`. */

const random = new Random(5);
const promptLengths = [3, 7, 5, 4, 9, 6];
/** Rows of token ids: a prompt, then three targets. */
const rows = promptLengths.map((length) => {
  const ids = Array.from({ length: length + 3 }, () => 10 + random.int(800));
  return { input_ids: ids, labels: ids.map((id, t) => (t < length ? -100 : id)) };
});

function recipeOf(t: TestContext, keys: object): { recipe: Recipe; folder: string } {
  const folder = temporaryFolder(t);
  const recipe = {
    method: 'distill',
    model: writeTruncated(join(folder, 'student'), 'pocket', 2),
    data: { train: write(folder, 'rows', rows), shuffle: false },
    rollout: { maxTokens: 6 },
    batch: 3,
    microBatch: 1,
    lr: 2e-3,
    steps: 6,
    precision: 'fp32',
    threads: 1,
    forgetting: false,
    every: { checkpoint: 2 },
    seed: 3,
    ...keys,
    distill: { teacher: 'pocket', onPolicy: 1, ...(keys as { distill?: object }).distill },
  } as Recipe;
  return { recipe, folder };
}

function write(folder: string, name: string, lines: readonly object[]): string {
  const file = join(folder, `${name}.jsonl`);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

async function run(recipe: Recipe, dir: string, options: { resume?: boolean; stopAfter?: number } = {}) {
  const events: RunEvent[] = [];
  const going = train(recipe, { dir, inProcess: true, resume: options.resume === true });
  for await (const event of going) {
    events.push(event);
    if (event.type === 'step' && event.step === options.stopAfter) going.stop();
  }
  await going.result;
  return readMetrics(dir).steps.map(withoutTimeFields);
}

interface Drawn {
  readonly step: number;
  readonly origin: { readonly line: number };
  readonly tokens: readonly number[];
}

const drawnIn = (dir: string) =>
  (readJsonl(join(dir, 'samples.jsonl')).rows.filter(({ type }) => type === 'on-policy') as unknown as Drawn[]).map(
    ({ step, origin, tokens }) => ({
      step,
      line: origin.line,
      tokens,
    }),
  );
const metricsOf = (step: Record<string, unknown>) => step['metrics'] as Readonly<Record<string, number>>;

for (const loss of ['forward-kl', 'reverse-kl-sampled'] as const)
  test(`${loss}: a step on drawn answers is the step on the same answers given as rows, bit for bit`, async (t) => {
    const { recipe, folder } = recipeOf(t, { steps: 1, distill: { loss } });
    const [drawn] = await run(recipe, join(folder, 'drawn'));
    const answers = drawnIn(join(folder, 'drawn'));
    assert.deepEqual(
      answers.map(({ line }) => line),
      [1, 2, 3],
    );
    if (loss === 'reverse-kl-sampled') return assert.ok(Number.isFinite(drawn!['loss'] as number));
    const given = answers.map(({ line, tokens }) => {
      const prompt = rows[line - 1]!.input_ids.slice(0, promptLengths[line - 1]);
      return { input_ids: [...prompt, ...tokens], labels: [...prompt.map(() => -100), ...tokens] };
    });
    const { rollout: _, ...others } = recipe as { rollout?: object };
    const same = {
      ...others,
      data: { train: write(folder, 'given', given), shuffle: false },
      distill: { teacher: 'pocket', loss },
    } as Recipe;
    const [learnt] = await run(same, join(folder, 'given'));
    for (const key of ['loss', 'gradNorm', 'tokens', 'lossTokens']) assert.equal(drawn![key], learnt![key], key);
    assert.ok(answers.some(({ tokens }, i) => tokens.join() !== rows[i]!.input_ids.slice(promptLengths[i]).join()));
    assert.equal(metricsOf(drawn!)['onPolicy'], 1);
    assert.equal(metricsOf(drawn!)['length'], answers.reduce((sum, { tokens }) => sum + tokens.length, 0) / 3);
  });

test('a share of the steps, each by its number; a stopped run goes on bit for bit, and draws the same', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 12, distill: { onPolicy: 0.5, loss: 'jsd' } });
  const dirs = ['whole', 'resumed'].map((name) => join(folder, name)) as [string, string];
  const whole = await run(recipe, dirs[0]);
  await run(recipe, dirs[1], { stopAfter: 5 });
  assert.deepEqual(await run(recipe, dirs[1], { resume: true }), whole);
  const expected = whole.map((_, step) => (Random.of(3, 'on-policy', step).float() < 0.5 ? 1 : 0));
  assert.deepEqual(
    whole.map((step) => metricsOf(step)['onPolicy']),
    expected,
  );
  assert.ok(expected.includes(0) && expected.includes(1));
  assert.deepEqual(drawnIn(dirs[1]), drawnIn(dirs[0]));
  const weights = dirs.map((dir) => readFileSync(join(dir, 'checkpoints', 'step-12', 'model.safetensors')));
  assert.ok(weights[0]!.equals(weights[1]!));
});

for (const loss of ['reverse-kl', 'reverse-kl-sampled'] as const)
  test(`${loss}: the student comes closer to the teacher on its own answers; adapters too`, async (t) => {
    for (const lora of [undefined, { rank: 8 }]) {
      const keys = {
        steps: 60,
        batch: 24,
        microBatch: 24,
        lr: lora ? 1.5e-3 : 3e-4,
        schedule: 'constant',
        ...(lora ? { lora } : {}),
      };
      const { recipe, folder } = recipeOf(t, { ...keys, distill: { loss } });
      const steps = await run(recipe, join(folder, 'run'));
      const mean = (from: number) =>
        steps.slice(from, from + 10).reduce((sum, step) => sum + (step['loss'] as number), 0) / 10;
      assert.ok(mean(50) < 0.75 * mean(0), `${lora ? 'LoRA' : 'full'}: ${mean(0)} → ${mean(50)}`);
    }
  });

test('a teacher that reads more is asked about the same answers behind its own prompt', async (t) => {
  const folder = temporaryFolder(t);
  const talk = ['Hello.', 'Name a fruit.', 'Name a colour.'].map((content) => ({
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: 'Yes.' },
    ],
  }));
  const { recipe } = recipeOf(t, {
    model: goldenPath('models/tiny-bpe'),
    data: { train: write(folder, 'talk', talk) },
    steps: 2,
    distill: { teacher: goldenPath('models/tiny-bpe'), context: 'Be brief.' },
  });
  const told = await run(recipe, join(folder, 'told'));
  const plain = await run(
    { ...recipe, distill: { teacher: goldenPath('models/tiny-bpe'), onPolicy: 1 } } as Recipe,
    join(folder, 'plain'),
  );
  // The model itself: without the text there is nothing to learn.
  assert.ok(metricsOf(told[0]!)['teacherKl']! > 1e-4 && metricsOf(plain[0]!)['teacherKl']! < 1e-6);
  assert.deepEqual(drawnIn(join(folder, 'told')).slice(0, 3), drawnIn(join(folder, 'plain')).slice(0, 3));
});

test('what contradicts drawn answers is refused by name', async (t) => {
  const { recipe, folder } = recipeOf(t, {});
  const refused = async (keys: object, pattern: RegExp) => {
    const distill = { ...(recipe as { distill: object }).distill, ...(keys as { distill?: object }).distill };
    await assert.rejects(run({ ...recipe, ...keys, distill } as Recipe, join(folder, 'run')), pattern);
    assert.ok(!existsSync(join(folder, 'run')));
  };
  await refused({ distill: { logits: './a.logits' } }, /asked about answers that are not there yet/);
  await refused({ distill: { crossEntropy: 0.2 } }, /crossEntropy is 0\.2, but answers that the student draws/);
  await refused({ train: 'all' }, /train: all has no prompt/);
  await refused({ data: { ...recipe.data, packing: true } }, /how long drawn answers become is not known/);
  await refused({ distill: { onPolicy: 0 } }, /rollout says how the student draws answers, but distill\.onPolicy is 0/);
  await refused({ distill: { onPolicy: 0.5, loss: 'reverse-kl-sampled' } }, /and distill\.onPolicy is 0\.5/);
  await refused({ distill: { loss: 'reverse-kl-sampled', temperature: 2 } }, /is an estimate at temperature 1/);
  await refused({ distill: { onPolicy: 1.5 } }, /distill\.onPolicy is 1\.5, but must be at most 1/);
  await refused(
    { rollout: { maxTokens: 505 } },
    /the longest prompt has 9 tokens, and with rollout\.maxTokens \(505\)/,
  );
});
