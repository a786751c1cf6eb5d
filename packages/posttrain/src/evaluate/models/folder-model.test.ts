import assert from 'node:assert/strict';
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadModel, type Model } from '../../client/model.ts';
import { goldenPath } from '../../testing/golden.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { writeReports } from '../report/write-reports.ts';
import { defineTask } from '../task.ts';
import { fingerprintFolder, folderModel } from './folder-model.ts';
import { PromptRoom } from './prompt-room.ts';

/** One checkpoint through the whole: engine, adapter, runner, cache, report. */

const folder = goldenPath('models/stories260K');
const facts = { precision: 'fp32', engine: 'test' } as const;
let loaded: Promise<Model> | undefined;
const model = () => (loaded ??= loadModel(folder, { precision: 'fp32', threads: 1 }));
after(async () => (await loaded)?.[Symbol.asyncDispose]());

const stories = [
  'Once upon a time, there was a little girl.',
  'Tom had a red ball.',
  'The cat sat on the mat and',
  'One day',
];

const endings = defineTask({
  name: 'endings',
  version: 1,
  axis: 'domain',
  about: 'The ending that belongs to the story.',
  split: 'made',
  data: null,
  docs: () => stories.map((story) => ({ story })),
  request: ({ story }) => ({
    kind: 'loglikelihood',
    context: story,
    continuations: [' She was happy.', ' Xylophone quantum fiscal.'],
  }),
  metrics: { acc: { kind: 'mean', about: 'likelier', higherIsBetter: true, unit: 'share', chance: 0.5 } },
  score: (_doc, { choices: [right, wrong] }) => ({ values: { acc: Number(right!.logp > wrong!.logp) } }),
});

const texts = defineTask({
  name: 'texts',
  version: 1,
  axis: 'forgetting',
  about: 'Bits per byte of stories.',
  split: 'made',
  data: null,
  docs: () => stories.map((story) => ({ story })),
  request: ({ story }) => ({ kind: 'rolling', text: story }),
  metrics: { bits: { kind: 'ratio', about: 'bits per byte', higherIsBetter: false } },
  score: ({ story }, { logp }) => ({
    values: { bits: { numerator: -logp / Math.LN2, denominator: Buffer.byteLength(story) } },
  }),
});

const continued = defineTask({
  name: 'continued',
  version: 1,
  axis: 'domain',
  about: 'What comes next.',
  split: 'made',
  data: null,
  docs: () => stories.map((story) => ({ story })),
  request: ({ story }) => ({ kind: 'generate', prompt: story, maxTokens: 12, stop: ['.'] }),
  metrics: { length: { kind: 'mean', about: 'tokens', higherIsBetter: true } },
  score: (_doc, { answers, text }) => ({ values: { length: answers[0]!.tokens.length }, prediction: text }),
});

test('a checkpoint is evaluated on every kind of request, and again from its cache', async (t) => {
  const dir = temporaryFolder(t);
  const tasks = [endings, texts, continued];
  const call = async () => ({
    models: [await folderModel(await model(), { id: 'stories', ...facts })],
    tasks,
    cacheDir: join(dir, 'cache'),
    draws: 200,
  });
  const first = await runEvaluation(await call());
  const [acc, bits, length] = first.result.results.map(({ metrics }) => metrics[0]!);
  assert.equal(acc!.value, 1, 'a model of stories knows their endings');
  assert.ok(bits!.value! > 0.5 && bits!.value! < 3, `${bits!.value} bits per byte`);
  assert.ok(length!.value! > 1 && length!.value! <= 12);
  assert.ok(first.runs[2]!.items.every(({ prediction }) => !prediction!.includes('.')));
  writeReports(join(dir, 'out'), first);

  const asked: number[] = [];
  const second = await runEvaluation(await call(), (event) => {
    if (event.type === 'progress') asked.push(event.rate ?? 0);
  });
  assert.deepEqual(second.result, first.result);
  assert.ok(
    asked.every((rate) => rate === 0),
    'nothing was asked again',
  );
});

test('batches of 1 and of 16 agree to 1e-4 nats, and write the same', async (t) => {
  const run = async (requests: number) => {
    const { runs } = await runEvaluation({
      models: [await folderModel(await model(), { id: 'stories', ...facts })],
      tasks: [endings, continued],
      cacheDir: join(temporaryFolder(t), 'cache'),
      batch: { characters: 1e9, requests },
    });
    return runs.map(({ items }) => items.map(({ response }) => response));
  };
  const [one, many] = [await run(1), await run(16)];
  for (const [i, response] of one[0]!.entries()) {
    const other = many[0]![i]!;
    assert.ok(response.kind === 'loglikelihood' && other.kind === 'loglikelihood');
    for (const [c, { logp }] of response.choices.entries())
      assert.ok(Math.abs(logp - other.choices[c]!.logp) < 1e-4, `${logp} and ${other.choices[c]!.logp}`);
  }
  assert.deepEqual(one[1], many[1]);
});

test('the fingerprint follows the weights, the tokenizer and the precision', async (t) => {
  const copy = join(temporaryFolder(t), 'model');
  cpSync(folder, copy, { recursive: true });
  const before = await fingerprintFolder(copy, facts);
  assert.deepEqual(before, await fingerprintFolder(folder, facts), 'not the name of the folder');
  assert.equal((await fingerprintFolder(copy, { ...facts, precision: 'bf16' })).dtype, 'bf16');
  appendFileSync(join(copy, 'config.json'), ' ');
  const changed = await fingerprintFolder(copy, facts);
  assert.notEqual(changed.weights, before.weights);
  assert.equal(changed.tokenizer, before.tokenizer);
  appendFileSync(join(copy, 'tokenizer.json'), ' ');
  assert.notEqual((await fingerprintFolder(copy, facts)).tokenizer, before.tokenizer);
});

test('a text that is too long loses its beginning, as little as possible; the answer keeps its room', async () => {
  const room = await PromptRoom.of(folder, 64);
  const long = `${'Once upon a time. '.repeat(20)}The very end 🐈 here`;
  const [kept, whole] = await room.fit([long, 'short'], 16);
  assert.deepEqual(whole, { prompt: 'short', cut: 0 });
  assert.ok(typeof kept!.prompt === 'string' && long.endsWith(kept!.prompt) && kept!.prompt.length > 60);
  assert.ok(kept!.cut > 0);
  const [tight] = await room.fit([kept!.prompt as string], 16);
  assert.equal(tight!.cut, 0, 'what was kept fits');
  const [greedy] = await room.fit([long], 1000);
  assert.ok(
    typeof greedy!.prompt === 'string' && greedy!.prompt.length > 20,
    'at most half of the context is kept free',
  );
});
