import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { RewardScore, ScoreQuestion } from '../engine/protocol.ts';
import { named, type Reward } from '../scoring/index.ts';
import type { LoadedReward } from './load-rewards.ts';
import { RewardDesk } from './reward-desk.ts';

type Row = Readonly<Record<string, unknown>>;

function loaded(name: string, reward: Reward<Row>, keys: Partial<LoadedReward> = {}): LoadedReward {
  const settings = {
    weight: 1,
    gate: false,
    watch: false,
    timeout: 5,
    retries: 0,
    concurrency: 8,
    onError: 'stop',
    ...keys,
  } as const;
  return { ...settings, reward: named(name, (sample, context) => reward(sample, context)) };
}

function question(id: string, known: readonly RewardScore[] = []): ScoreQuestion {
  return { id, sample: { messages: [], text: id, tokens: [1], finish: 'stop', row: {} }, known };
}

const running = new AbortController().signal;
const plain = (scores: readonly RewardScore[]) => scores.map(({ reward, value }) => [reward, value]);

test('gates multiply the weighted sum, and what does not apply counts for nothing', async () => {
  const desk = new RewardDesk(
    [
      loaded('half', () => 0.5, { gate: true }),
      loaded('two', () => ({ value: 2, parts: { length: 7 }, why: 'long' }), { weight: 3 }),
      loaded('never', () => null),
      loaded('minus', async () => -1),
    ],
    running,
  );
  const { reward, scores } = await desk.score(question('a'));
  assert.equal(reward, 0.5 * (3 * 2 - 1));
  assert.deepEqual(plain(scores), [
    ['half', 0.5],
    ['two', 2],
    ['never', null],
    ['minus', -1],
  ]);
  assert.deepEqual([scores[1]!.parts, scores[1]!.why, scores[1]!.calls], [{ length: 7 }, 'long', 1]);
});

test('where nothing applies there is no reward; a shut gate asks nothing', async () => {
  let asked = 0;
  const term = loaded('term', () => {
    asked++;
    return null;
  });
  assert.equal((await new RewardDesk([term], running).score(question('a'))).reward, null);
  const shut = await new RewardDesk([loaded('gate', () => 0, { gate: true }), term], running).score(question('a'));
  assert.deepEqual([shut.reward, plain(shut.scores), asked], [0, [['gate', 0]], 1]);
});

test('a watch is recorded and pays nothing, also where a gate is shut or nothing else applies', async () => {
  const watch = loaded('held', () => ({ value: 100, parts: { margin: 3 } }), { watch: true });
  const plainly = await new RewardDesk([watch, loaded('one', () => 1)], running).score(question('a'));
  assert.deepEqual(
    [plainly.reward, plain(plainly.scores)],
    [
      1,
      [
        ['held', 100],
        ['one', 1],
      ],
    ],
  );
  assert.deepEqual(plainly.scores[0]!.parts, { margin: 3 });
  const shut = [loaded('gate', () => 0, { gate: true }), loaded('one', () => 1), watch];
  const gated = await new RewardDesk(shut, running).score(question('a'));
  assert.deepEqual(
    [gated.reward, plain(gated.scores)],
    [
      0,
      [
        ['gate', 0],
        ['held', 100],
      ],
    ],
  );
  const nothing = await new RewardDesk([loaded('none', () => null), watch], running).score(question('a'));
  assert.equal(nothing.reward, null);
  const silent = loaded('silent', () => null, { watch: true });
  assert.equal((await new RewardDesk([silent, loaded('one', () => 1)], running).score(question('a'))).reward, 1);
});

test('a watch that fails stops the run like any reward, and what others said is kept', async () => {
  const broken = loaded('held', () => Number.NaN, { watch: true });
  const { reward, scores, failed } = await new RewardDesk([loaded('one', () => 1), broken], running).score(
    question('a'),
  );
  assert.deepEqual([reward, plain(scores)], [null, [['one', 1]]]);
  assert.match(failed!.message, /reward held gave NaN/);
});

test('a gate beyond 1 is refused by its name', async () => {
  const { failed } = await new RewardDesk(
    [loaded('wide', () => 1.5, { gate: true }), loaded('term', () => 1)],
    running,
  ).score(question('a'));
  assert.match(failed!.message, /gate wide gave 1\.5, outside 0 to 1/);
});

test('no more calls at once than the cap, of each reward by itself', async () => {
  const now = { slow: 0, quick: 0 };
  const most = { slow: 0, quick: 0 };
  const counted = (name: 'slow' | 'quick', concurrency: number) =>
    loaded(
      name,
      async () => {
        most[name] = Math.max(most[name], ++now[name]);
        await wait(5);
        now[name]--;
        return 1;
      },
      { concurrency },
    );
  const desk = new RewardDesk([counted('slow', 2), counted('quick', 5)], running);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => desk.score(question(`${i}`))));
  assert.deepEqual(most, { slow: 2, quick: 5 });
  assert.ok(answers.every(({ reward }) => reward === 2));
});

test('what is known is not asked again; what others said before a failure is kept', async () => {
  let asked = 0;
  const judge = loaded('judge', () => ++asked);
  const broken = loaded('broken', () => {
    throw new Error('down');
  });
  const first = await new RewardDesk([judge, broken], running).score(question('a'));
  assert.deepEqual([first.reward, plain(first.scores)], [null, [['judge', 1]]]);
  assert.match(first.failed!.message, /reward broken threw: down/);
  const mended = new RewardDesk([judge, loaded('broken', () => 10)], running);
  const second = await mended.score(question('a', first.scores));
  assert.deepEqual([second.reward, asked], [11, 1]);
});

test('a call that takes too long has its signal aborted, and is made again as often as is said', async () => {
  const signals: AbortSignal[] = [];
  const hanging = loaded(
    'hanging',
    (_, { signal }) => {
      signals.push(signal);
      return signals.length < 3 ? new Promise<number>(() => {}) : 4;
    },
    { timeout: 0.02, retries: 2 },
  );
  const { reward, scores } = await new RewardDesk([hanging], running).score(question('a'));
  assert.deepEqual([reward, scores[0]!.calls], [4, 3]);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true, false],
  );
});

test('NaN is a mistake that no retry mends, and onError: skip goes on without it', async () => {
  let calls = 0;
  const wrong = loaded(
    'wrong',
    () => {
      calls++;
      return Number.NaN;
    },
    { retries: 5, onError: 'skip' },
  );
  const { reward, scores, failed } = await new RewardDesk([wrong, loaded('one', () => 1)], running).score(
    question('a'),
  );
  assert.deepEqual([reward, calls, failed], [1, 1, undefined]);
  assert.match(scores[0]!.error!, /reward wrong gave NaN/);
});

test('once a stop is requested no call begins', async () => {
  const stop = new AbortController();
  let calls = 0;
  const one = loaded(
    'one',
    async () => {
      calls++;
      await wait(5);
      return 1;
    },
    { concurrency: 1 },
  );
  const desk = new RewardDesk([one], stop.signal);
  const answers = [desk.score(question('a')), desk.score(question('b'))];
  stop.abort();
  const [first, second] = await Promise.all(answers);
  assert.deepEqual([calls, first!.reward, second!.failed?.code], [calls, calls === 1 ? 1 : null, 'aborted']);
  assert.ok(calls <= 1);
});
