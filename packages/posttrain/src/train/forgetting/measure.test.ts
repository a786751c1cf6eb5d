import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Tokenizer } from '../../data/index.ts';
import { ChatModel } from '../../models/chat-model.ts';
import { loadCausalLm } from '../../models/index.ts';
import { manualSeed, noGrad, rngState, toArray } from '../../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../../testing/golden.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { readForgettingData } from './encode.ts';
import { measure } from './measure.ts';
import { planForgetting } from './plan.ts';

const folder = goldenPath('models/tiny-bpe');
const texts = Array.from(
  { length: 12 },
  (_, i) => `Document ${i}. ${'The cat sat on the mat, and said so. '.repeat(1 + i)}`,
);
const questions = Array.from({ length: 10 }, (_, i) => ({
  prompt: `The cat sat on mat ${i}`,
  choices: ['yes', 'no'],
  gold: 0,
}));

async function dataIn(root: string, vocabulary: number, context = 256) {
  const write = (name: string, rows: readonly object[]) => {
    writeFileSync(join(root, name), rows.map((row) => JSON.stringify(row)).join('\n'));
    return join(root, name);
  };
  const files = {
    text: write(
      't.jsonl',
      texts.map((text) => ({ text })),
    ),
    suite: write('s.jsonl', questions),
  };
  return readForgettingData(files, await Tokenizer.load(folder), { vocabulary, context });
}

const hooks = { stopRequested: () => false, onProgress: () => {} };
const whole = { trainingTokens: 1e9, init: 'pretrained' } as const;

test('a model that finds every token equally likely needs ln V nats for each, and no choice is right', (t) =>
  assertNoLeak(async () => {
    const { model } = loadCausalLm(folder);
    using _ = model;
    noGrad(() => {
      for (const parameter of model.parameters()) parameter.zero_();
    });
    const { vocabulary } = model.dimensions;
    const plan = planForgetting(await dataIn(temporaryFolder(t), vocabulary), whole);
    const { text, suite } = (await measure(model, plan, hooks))!;
    for (const [i, nats] of text.entries())
      assert.ok(Math.abs(nats / plan.windows[i]!.tokens - Math.log(vocabulary)) < 1e-5, `window ${i}: ${nats}`);
    assert.deepEqual(suite.right, Array(10).fill(false));
  }));

test('windows and questions are as likely as the evaluation finds them, in a context of 32 tokens too', async (t) => {
  const data = await dataIn(temporaryFolder(t), 512);
  const plan = planForgetting(data, whole);
  const { model } = loadCausalLm(folder);
  using _ = model;
  const measured = (await measure(model, plan, hooks))!;
  using chat = await ChatModel.load(folder);
  const alone = await chat.likelihoods(
    plan.windows.map(({ document }) => ({ context: '', continuations: [texts[document - 1]!] })),
  );
  for (const [i, [whole]] of alone.entries())
    assert.ok(Math.abs(whole!.logp + measured.text[i]!) < 1e-5 * Math.abs(whole!.logp), `window ${i}`);
  const asked = plan.items.map(({ line }) => questions[line - 1]!);
  const judged = await chat.likelihoods(
    asked.map(({ prompt, choices }) => ({ context: prompt, continuations: choices.map((choice) => ` ${choice}`) })),
  );
  for (const [i, [yes, no]] of judged.entries()) {
    assert.ok(Math.abs(yes!.logp - measured.suite.logp[i]!) < 1e-4);
    assert.equal(measured.suite.right[i], yes!.logp > no!.logp);
  }
  const short = await dataIn(temporaryFolder(t), 512, 32);
  for (const { queries, tokens } of short.text!.parts)
    assert.equal(
      queries.reduce((sum, { continuations }) => sum + continuations[0]!.length, 0),
      tokens,
    );
});

test('the random numbers of training are not touched, and a stop gives it up', async (t) => {
  const { model } = loadCausalLm(folder);
  using _ = model.requireGrad(true);
  const plan = planForgetting(await dataIn(temporaryFolder(t), 512), whole);
  manualSeed(3);
  using before = rngState();
  const progress: number[] = [];
  await measure(model, plan, { ...hooks, onProgress: (done) => progress.push(done) });
  using after = rngState();
  assert.deepEqual(toArray(after), toArray(before));
  assert.ok(model.parameters().every((parameter) => parameter.grad === null));
  assert.equal(progress.at(-1), plan.cost.measuredTokens);
  assert.equal(await measure(model, plan, { ...hooks, stopRequested: () => true }), undefined);
});
