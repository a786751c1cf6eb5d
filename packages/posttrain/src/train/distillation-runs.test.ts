import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createWorld, stageNamed, stageRows } from '../data/pocket/index.ts';
import { type Recipe, type RunEvent, train } from '../index.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import { readMetrics, withoutTimeFields } from '../runs/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { writeShape, writeTruncated } from '../testing/truncated-model.ts';

/** Whole runs of distillation through the public `train()`: the pocket model teaches a smaller one that starts from random weights. */

function recipeOf(t: TestContext, keys: object): { recipe: Recipe; folder: string } {
  const folder = temporaryFolder(t);
  const drawn = stageRows(createWorld(), stageNamed('documents'), 1);
  const rows = Array.from({ length: 48 }, () => drawn.next().value!);
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const recipe = {
    method: 'distill',
    model: writeTruncated(join(folder, 'student'), 'pocket', 2),
    data: { train: join(folder, 'rows.jsonl'), validation: 0.35 },
    distill: { teacher: 'pocket' },
    batch: 8,
    microBatch: 4,
    lr: 2e-3,
    steps: 8,
    precision: 'fp32',
    threads: 1,
    forgetting: false,
    every: { checkpoint: 4 },
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

test('a student that learns from the teacher is closer to it than its twin that learnt the rows alone, at equal tokens', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 40 });
  const learn = async (name: string, keys: object) => {
    await eventsOf({ ...recipe, distill: { teacher: 'pocket', ...keys } } as Recipe, join(folder, name));
    const { evaluations, steps } = readMetrics(join(folder, name));
    return { evaluations: evaluations.map(({ metrics }) => metrics!), seen: steps.map(({ tokens }) => tokens) };
  };
  const taught = await learn('taught', {});
  // As good as cross-entropy alone, with the distance to the teacher measured beside it.
  const twin = await learn('twin', { crossEntropy: 1 - 1e-9 });
  assert.deepEqual(taught.seen, twin.seen);
  const [before, after, without] = [taught.evaluations[0]!, taught.evaluations.at(-1)!, twin.evaluations.at(-1)!];
  const told = JSON.stringify({ before, after, without });
  assert.ok(after['teacherKl']! < 0.4 * before['teacherKl']!, told);
  assert.ok(after['teacherKl']! < 0.95 * without['teacherKl']!, told);
  assert.ok(after['agreement']! > without['agreement']!, told);
  assert.equal(after['teacherCrossEntropy'], before['teacherCrossEntropy']);
});

test('a run that was stopped goes on bit for bit', async (t) => {
  const { recipe, folder } = recipeOf(t, {
    distill: { teacher: 'pocket', loss: 'jsd', temperature: 2, crossEntropy: 0.3 },
  });
  const dirs = ['whole', 'resumed'].map((name) => join(folder, name)) as [string, string];
  await eventsOf(recipe, dirs[0]);
  await eventsOf(recipe, dirs[1], { stopAfter: 3 });
  await eventsOf(recipe, dirs[1], { resume: true });
  const [whole, resumed] = dirs.map((dir) => readMetrics(dir).steps.map(withoutTimeFields));
  assert.equal(whole!.length, 8);
  assert.deepEqual(resumed, whole);
  const weights = dirs.map((dir) => readFileSync(join(dir, 'checkpoints', 'step-8', 'model.safetensors')));
  assert.ok(weights[0]!.equals(weights[1]!));
});

test('a teacher that was stored: the first run writes the file, later ones need no teacher, a resumed one goes on bit for bit', async (t) => {
  const { recipe, folder } = recipeOf(t, {});
  const logits = join(folder, 'teacher.logits');
  const at = (name: string) => join(folder, name);
  const keys = { logits, topK: 48, temperature: 1.5 };
  const storing = (events: readonly RunEvent[]) =>
    events.some(({ type, ...rest }) => type === 'progress' && (rest as { what: string }).what === 'teacher');
  assert.ok(storing(await eventsOf({ ...recipe, distill: { teacher: 'pocket', ...keys } } as Recipe, at('first'))));
  const alone = { ...recipe, distill: keys } as Recipe;
  assert.ok(!storing(await eventsOf(alone, at('second'))));
  await eventsOf(alone, at('resumed'), { stopAfter: 3 });
  await eventsOf(alone, at('resumed'), { resume: true });
  const [first, ...others] = ['first', 'second', 'resumed'].map((name) =>
    readMetrics(at(name)).steps.map(withoutTimeFields),
  );
  assert.equal(first!.length, 8);
  for (const steps of others) assert.deepEqual(steps, first);
  const { evaluations } = readMetrics(at('second'));
  assert.ok(evaluations.at(-1)!.metrics!['teacherKl']! < evaluations[0]!.metrics!['teacherKl']!);
  const refused = async (distill: object, pattern: RegExp) => {
    await assert.rejects(eventsOf({ ...recipe, distill } as Recipe, at('refused')), pattern);
    assert.ok(!existsSync(at('refused')));
  };
  await refused(
    { ...keys, topK: 8, temperature: 1 },
    /were made otherwise:\n {2}distill\.temperature is 1, in the file 1\.5\n {2}distill\.topK is 8, in the file 48/,
  );
  await refused({ ...keys, teacher: recipe.model }, /distill\.teacher is .*student, in the file pocket/);
  await refused({ logits: at('missing') }, /there are no stored logits at .*missing/);
});

test('a teacher in bf16 teaches what it does in fp32, but for rounding', async (t) => {
  const { recipe, folder } = recipeOf(t, { steps: 1 });
  const firstLoss = async (precision: 'fp32' | 'bf16') => {
    await eventsOf({ ...recipe, distill: { teacher: 'pocket', precision } } as Recipe, join(folder, precision));
    return readMetrics(join(folder, precision)).steps[0]!.loss;
  };
  const [exact, rounded] = [await firstLoss('fp32'), await firstLoss('bf16')];
  assert.notEqual(rounded, exact);
  assert.ok(Math.abs(rounded - exact) <= 0.02 * exact, `${rounded}, in fp32 ${exact}`);
});

test('a teacher that does not fit is refused by what does not fit', async (t) => {
  const { recipe, folder } = recipeOf(t, {});
  const refused = async (keys: object, pattern: RegExp) => {
    await assert.rejects(eventsOf({ ...recipe, ...keys } as Recipe, join(folder, 'run')), pattern);
    assert.ok(!existsSync(join(folder, 'run')));
  };
  await refused(
    { distill: { teacher: goldenPath('models/tiny-bpe') } },
    /has other tokens than the model \(512 against 858\):\n {2}\d+: the model has ".+", the teacher ".+"[\s\S]*… and \d+ more/,
  );
  await refused({ distill: { loss: 'jsd' } }, /distill\.teacher is missing: there is no model to learn from/);
  await refused({ distill: { teacher: './nowhere' } }, /there is no model at .*nowhere/);
  const narrow = writeShape(join(folder, 'narrow'), 'pocket', { max_position_embeddings: 8 });
  copyFileSync(join(resolveModelFolder('pocket'), 'model.safetensors'), join(narrow, 'model.safetensors'));
  await refused(
    { distill: { teacher: narrow } },
    /the longest sequence has \d+ tokens, but the teacher .*narrow was made for 8/,
  );
  const wide = writeShape(join(folder, 'wide'), 'pocket', { vocab_size: 900 });
  await refused({ model: wide, init: 'random' }, /the teacher pocket has logits for 858 tokens, the model for 900/);
});
