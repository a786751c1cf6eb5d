import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memory } from '../tensor/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { ChatModel } from './chat-model.ts';

/** The checkpoints that the repository carries. */
const folders = ['models/babyllama-361', 'models/stories260K', '../packages/posttrain/assets/pocket/base'];
const subjects = [
  'The cat',
  'Once upon a time there was a little girl who',
  'velda',
  'One day, Tom and his red ball',
  'keten year',
];
const ends = [' sat on the mat.', ' was', ' 1724 .', ' had a very big dog and went to the park with it.', ' xylophone'];
const requests = Array.from({ length: 64 }, (_, i) => ({
  context: Array.from({ length: (i % 7) + 1 }, (_, t) => subjects[(i + t) % subjects.length]).join(' and '),
  continuations: ends.slice(i % 3),
}));
const texts = requests.map(({ context, continuations }, i) => context.repeat(i % 3) + continuations[0]);

for (const folder of folders)
  test(`${folder}: alone, by 16 and all together requests are as likely, to 1e-4 nats for up to 100 tokens`, async () => {
    using model = await ChatModel.load(goldenPath(folder));
    const inBatches = async (size: number) => {
      const pairs: { logp: number; tokens: number }[] = [];
      const rolled: { logp: number; tokens: number }[] = [];
      for (let start = 0; start < requests.length; start += size) {
        const judged = await model.likelihoods(requests.slice(start, start + size));
        pairs.push(...judged.flat());
        rolled.push(...(await model.rolling(texts.slice(start, start + size))));
      }
      return { pairs, rolled };
    };
    const alone = await inBatches(1);
    for (const size of [16, 64]) {
      const together = await inBatches(size);
      for (const kind of ['pairs', 'rolled'] as const)
        for (const [i, { logp, tokens }] of alone[kind].entries()) {
          const gap = Math.abs(logp - together[kind][i]!.logp);
          assert.ok(gap <= 1e-4 * Math.max(1, tokens / 100), `${kind} ${i}, by ${size}: ${gap} nats apart of ${logp}`);
        }
    }
  });

test('2,000 requests report their progress as they go, and leave no tensor behind', async () => {
  using model = await ChatModel.load(goldenPath('models/stories260K'));
  const before = memory();
  const live: number[] = [];
  const done: number[] = [];
  const onDone = (count: number) => {
    done.push(count);
    live.push(memory().liveBytes);
  };
  const many = Array.from({ length: 2000 }, (_, i) => ({
    context: `${i} cats`,
    continuations: [' sat.', ' ran away.'],
  }));
  assert.equal((await model.likelihoods(many, { onDone })).length, 2000);
  const calls = done.length;
  assert.ok(calls > 10, `${calls} reports`);
  assert.equal(
    done.reduce((sum, count) => sum + count, 0),
    2000,
  );
  await model.rolling(
    many.map(({ context }) => `${context} sat on the mat.`),
    { onDone },
  );
  assert.equal(
    done.reduce((sum, count) => sum + count, 0),
    4000,
  );
  assert.ok(done.length > calls + 10);
  const bound = Math.max(...live.slice(0, 5)) * 1.02;
  assert.ok(
    live.every((bytes) => bytes <= bound),
    'live tensors grow',
  );
  assert.equal(memory().live, before.live);
  assert.equal(memory().collectedByGc, before.collectedByGc);
});

test('an aborted signal ends the work within a pass, and leaves no tensor behind', async () => {
  using model = await ChatModel.load(goldenPath('models/stories260K'));
  const before = memory().live;
  const controller = new AbortController();
  const many = Array.from({ length: 2000 }, (_, i) => ({ context: `${i} cats`, continuations: [' sat.'] }));
  let done = 0;
  const onDone = (count: number) => {
    done += count;
    controller.abort(new Error('enough'));
  };
  await assert.rejects(model.likelihoods(many, { onDone, signal: controller.signal }), { message: 'enough' });
  assert.ok(done > 0 && done < 2000, `${done} requests`);
  assert.equal(memory().live, before);
});

test('an empty text is certain, and counted as done', async () => {
  using model = await ChatModel.load(goldenPath('models/tiny-bpe'));
  let done = 0;
  const [empty, other] = await model.rolling(['', 'The cat'], { onDone: (count) => (done += count) });
  assert.deepEqual(empty, { logp: 0, tokens: 0, windows: 0 });
  assert.ok(other!.logp < 0);
  assert.equal(done, 2);
});
