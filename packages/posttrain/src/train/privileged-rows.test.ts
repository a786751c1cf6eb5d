import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Renderer, Tokenizer } from '../data/index.ts';
import { type Recipe, train } from '../index.ts';
import { loadCausalLm } from '../models/index.ts';
import { readMetrics } from '../runs/index.ts';
import { scope, toArray } from '../tensor/index.ts';
import { assertClose, goldenPath, valueTolerance } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { makeBatch } from './batch.ts';
import { liveTeacher } from './teacher.ts';

/** Context distillation: the teacher is the model itself, which has read something that the student has not. */

const model = goldenPath('models/tiny-bpe');
const text = 'Answer in capitals.';
const fruits = ['apples', 'pears', 'plums', 'cherries', 'grapes', 'lemons', 'figs', 'dates'];
const origin = { file: 'rows', line: 1 };

function recipeOf(t: TestContext, keys: object, rows: readonly object[]): { recipe: Recipe; folder: string } {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const recipe = {
    method: 'distill',
    model,
    data: { train: join(folder, 'rows.jsonl'), validation: 0.3 },
    distill: { teacher: model, context: text, ...keys },
    ...{ batch: 4, microBatch: 2, lr: 3e-3, steps: 30, precision: 'fp32', threads: 1, forgetting: false },
    every: { checkpoint: false },
  } as Recipe;
  return { recipe, folder };
}

const conversations = fruits.map((fruit) => ({
  messages: [
    { role: 'user', content: `Do you like ${fruit}?` },
    { role: 'assistant', content: `Yes, I like ${fruit}.` },
  ],
}));

test('the teacher reads the text in front of the prompt, and its distributions stand at the same targets', async () => {
  const tokenizer = await Tokenizer.load(model);
  const messages = [
    { role: 'user', content: 'Do you like figs?' },
    { role: 'assistant', content: 'Yes.' },
  ] as const;
  const [plain, preface] = [new Renderer(tokenizer), new Renderer(tokenizer, { preface: text })];
  const row = (await plain.render({ kind: 'conversation', messages, origin })).rows[0]!;
  const told = (await preface.render({ kind: 'conversation', messages, origin })).rows[0]!;
  const byHand = [{ role: 'system', content: text } as const, ...messages];
  assert.deepEqual(told, (await plain.render({ kind: 'conversation', messages: byHand, origin })).rows[0]);
  assert.ok(told.tokens.length > row.tokens.length);
  const loaded = loadCausalLm(model);
  using teacher = loaded.model;
  scope(() => {
    const [batch, longer] = [makeBatch([[row]]), makeBatch([[told]])];
    const count = batch.targets.count;
    assert.deepEqual(toArray(longer.targets), toArray(batch.targets));
    const seen = liveTeacher(teacher, new Map([[row, told]]))(batch)(0, count);
    assertClose(seen, liveTeacher(teacher)(longer)(0, count), valueTolerance, 'logits with the text');
    assert.ok(seen.sub(liveTeacher(teacher)(batch)(0, count)).abs().amax().item() > 1e-3, 'the text changes them');
  });
});

test('an own system message comes after the text; a completion has the text before its prompt', async () => {
  const tokenizer = await Tokenizer.load(model);
  const [plain, preface] = [new Renderer(tokenizer), new Renderer(tokenizer, { preface: text })];
  const asked = [{ role: 'user', content: 'Hi' } as const, { role: 'assistant', content: 'Hello' } as const];
  const conversation = (system: string) =>
    ({ kind: 'conversation', messages: [{ role: 'system', content: system }, ...asked], origin }) as const;
  assert.deepEqual(
    await preface.render(conversation('Be brief.')),
    await plain.render(conversation(`${text}\n\nBe brief.`)),
  );
  const completion = (prompt: string) => ({ kind: 'completion', prompt, completion: ' b', origin }) as const;
  assert.deepEqual(await preface.render(completion('a')), await plain.render(completion(`${text}\n\na`)));
});

for (const keys of [{}, { logits: 'teacher.logits', topK: 512 }])
  test(`the model learns to answer as if it had read the text${'logits' in keys ? ', from stored logits too' : ''}`, async (t) => {
    const { recipe, folder } = recipeOf(t, {}, conversations);
    const distill = { ...(recipe as { distill: object }).distill, ...keys };
    const at = 'logits' in keys ? { ...distill, logits: join(folder, keys.logits!) } : distill;
    await train({ ...recipe, distill: at } as Recipe, { dir: join(folder, 'run'), inProcess: true }).result;
    const { evaluations } = readMetrics(join(folder, 'run'));
    const [before, after] = [evaluations[0]!.metrics!['teacherKl']!, evaluations.at(-1)!.metrics!['teacherKl']!];
    assert.ok(before > 1e-4 && after < 0.7 * before, `${before} → ${after}`);
  });

test('rows without a prompt, and a text that leaves no room, are refused by row', async (t) => {
  const refused = async (keys: object, rows: readonly object[], pattern: RegExp) => {
    const { recipe, folder } = recipeOf(t, keys, rows);
    await assert.rejects(train(recipe, { dir: join(folder, 'run'), inProcess: true }).result, pattern);
  };
  await refused(
    {},
    [{ text: 'a' }, { text: 'b' }, { text: 'c' }],
    /there is no prompt that a text could stand in front of/,
  );
  await refused(
    { context: 'long '.repeat(400) },
    conversations,
    /rows\.jsonl:\d+ with distill\.context in front of it has \d+ tokens, and the teacher can see \d+/,
  );
  const { recipe, folder } = recipeOf(t, {}, conversations);
  const whole = train({ ...recipe, train: 'all' } as Recipe, { dir: join(folder, 'run'), inProcess: true });
  await assert.rejects(whole.result, /rows\.jsonl:\d+ with distill\.context in front of it has other targets/);
});
