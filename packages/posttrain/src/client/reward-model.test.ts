import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Message } from '../data/types.ts';
import { scoreSample } from '../scoring/index.ts';
import { drawnRewardModel } from '../testing/drawn-reward-model.ts';
import { loadModel } from './model.ts';
import { loadRewardModel, type RewardModel, rewardModel } from './reward-model.ts';

const parent = mkdtempSync(join(tmpdir(), 'posttrain-'));
after(() => rmSync(parent, { recursive: true }));
const folder = drawnRewardModel(parent);
const options = { precision: 'fp32', threads: 1 } as const;
const chat = (question: string, answer: string): Message[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];
const chats = Array.from({ length: 40 }, (_, i) =>
  chat(
    `question : ${'who took the ring ? '.repeat(1 + (i % 7))}`,
    `the sources do not say . ${'purse lamp '.repeat(i % 5)}`,
  ),
);

test('scores of many conversations are those of each alone, in order, whatever their lengths', async () => {
  await using model = await loadRewardModel(folder, options);
  let done = 0;
  const scores = await model.score(chats, { onDone: (more) => (done += more) });
  assert.equal(done, chats.length);
  assert.ok(new Set(scores.map((score) => score.toFixed(4))).size > 30, '7 questions by 5 answers');
  for (const i of [0, 6, 13, 39]) {
    const [alone] = await model.score([{ messages: chats[i]! }]);
    assert.ok(Math.abs(alone! - scores[i]!) <= 1e-5 * Math.max(1, Math.abs(scores[i]!)), `${alone} and ${scores[i]}`);
  }
  assert.deepEqual(await model.score([]), []);
});

test('what cannot be scored is told by its place; the model goes on', async () => {
  await using model = await loadRewardModel(folder, options);
  const open: Message[] = [{ role: 'user', content: 'who ?' }];
  await assert.rejects(model.score([chats[0]!, open]), {
    code: 'data-invalid',
    message: 'conversation 1 does not end in an answer of the assistant.',
  });
  await assert.rejects(model.score([chat('lamp '.repeat(600), 'ring .')]), {
    code: 'data-overlong',
    message: /^conversation 0 has 60\d tokens; the reward model sees 512\.$/,
  });
  assert.equal((await model.score([chats[0]!])).length, 1);
});

test('an aborted signal ends the scoring with its reason; the model goes on', async () => {
  await using model = await loadRewardModel(folder, options);
  const control = new AbortController();
  const reason = new Error('enough');
  const many = Array.from({ length: 30 }, () => chats).flat();
  let done = 0;
  const scoring = model.score(many, {
    signal: control.signal,
    onDone: (more) => {
      done += more;
      control.abort(reason);
    },
  });
  await assert.rejects(scoring, reason);
  assert.ok(done > 0 && done < many.length, `${done} of ${many.length}`);
  assert.equal((await model.score([chats[0]!])).length, 1);
});

test('a language model is no reward model, and a reward model does not talk', async () => {
  await assert.rejects(loadRewardModel('pocket', options), { code: 'model-invalid', message: /no head that scores/ });
  await assert.rejects(loadModel(folder, options), { code: 'model-invalid', message: /holds a reward model/ });
});

const sample = (index: number) => {
  const [question, answer] = chats[index]!;
  return { messages: [question!], text: answer!.content, tokens: [], finish: 'stop' as const, row: {} };
};
const context = { signal: new AbortController().signal };

test('as a reward: the same scores, asked at the same time in one batch', async () => {
  await using model = await loadRewardModel(folder, options);
  const expected = await model.score(chats);
  const batches: number[] = [];
  const counted = Object.assign(Object.create(model) as RewardModel, {
    score: (...args: Parameters<RewardModel['score']>) => {
      batches.push(args[0].length);
      return model.score(...args);
    },
  });
  const reward = rewardModel(counted);
  const scores = await Promise.all(chats.map((_, i) => scoreSample(reward, sample(i), context)));
  assert.deepEqual(batches, [40]);
  assert.deepEqual(
    scores.map(({ value }) => value),
    expected,
  );
  assert.equal(scores[0]!.reward, 'reward-model');
});

test('as a reward: answers that come while others are scored are one batch after it', async () => {
  await using model = await loadRewardModel(folder, options);
  const batches: number[] = [];
  const late: Promise<unknown>[] = [];
  const counted = Object.assign(Object.create(model) as RewardModel, {
    score: (...args: Parameters<RewardModel['score']>) => {
      batches.push(args[0].length);
      // Of different turns, while the first batch is under way.
      if (batches.length === 1)
        for (let i = 3; i < 8; i++) setImmediate(() => late.push(Promise.resolve(reward(sample(i), context))));
      return model.score(...args);
    },
  });
  const reward = rewardModel(counted);
  await Promise.all([0, 1, 2].map((i) => reward(sample(i), context)));
  await Promise.all(late);
  assert.deepEqual([batches, late.length], [[3, 5], 5]);
  assert.equal(await reward(sample(0), context), (await model.score([chats[0]!]))[0], 'an idle one works again');
});

test('as a reward: an answer that cannot be scored fails alone', async () => {
  await using reward = rewardModel(folder, options);
  const long = { ...sample(3), text: 'lamp '.repeat(600) };
  const asked = [sample(0), sample(1), long, sample(2), sample(4), long].map((one) => reward(one, context));
  const settled = await Promise.allSettled(asked);
  assert.deepEqual(
    settled.map(({ status }) => status === 'fulfilled'),
    [true, true, false, true, true, false],
  );
  for (const i of [2, 5]) {
    const { reason } = settled[i] as PromiseRejectedResult;
    assert.equal(reason.code, 'data-overlong');
    assert.match(reason.message, /6\d\d tokens; the reward model sees 512/);
  }
});

test('as a reward by name: loaded once, a failure reaches every caller, one caller’s signal ends only its own', async () => {
  await using reward = rewardModel(folder, options);
  const [first, second] = [new AbortController(), new AbortController()];
  const gone = new Error('gone');
  const asked = [reward(sample(0), first), reward(sample(1), second), reward(sample(2), second)];
  first.abort(gone);
  const settled = await Promise.allSettled(asked);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  assert.equal((settled[0] as PromiseRejectedResult).reason, gone);

  await using broken = rewardModel('pocket', options);
  const failed = await Promise.allSettled([broken(sample(0), context), broken(sample(1), context)]);
  for (const one of failed) assert.equal((one as PromiseRejectedResult).reason.code, 'model-invalid');
});
