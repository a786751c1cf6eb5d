import assert from 'node:assert/strict';
import { test } from 'node:test';
import { near } from './near.test.fixture.ts';
import { rewardAccuracy } from './reward-pairs.ts';
import { lengthControlledWinRate, winRate } from './win-rate.ts';

test('a win rate counts ties half, and the discrete one makes any preference a whole win', () => {
  const graded = winRate([1, 0.5, 0.75, 0.25, 0.75, null]);
  near(graded.value, 0.65, 12);
  assert.deepEqual([graded.wins, graded.ties, graded.losses, graded.n, graded.missing], [3, 1, 1, 5, 1]);
  near(winRate([1, 0.5, 0.75, 0.25, 0.75], { discrete: true }).value, 0.7, 12);
  assert.throws(() => winRate([1, 1.5]), {
    code: 'usage',
    message: 'the preference of pair 1 is 1.5.',
    help: 'a preference lies between 0 and 1, and ½ is a tie; take 1 off those of AlpacaEval; pairs count from 0',
  });
});

const scores = [1, 1, 0.5, 1, 0, 1, 0, 0, 0.5, 1];
const lengths = [900, 700, 400, 650, 300, 500, 200, 450, 380, 420].map((a) => ({ a, b: 400 }));

test('the length-controlled win rate equals the logistic fit at equal lengths', () => {
  // statsmodels GLM(Binomial) of the scores on [1, tanh(delta / delta.std(ddof=1))]
  const found = lengthControlledWinRate(scores, lengths);
  near(found.value, 0.445687);
  near(found.lengthWeight, 4.918218);
  near(found.raw, 0.6, 12);
  near(found.lengthDifference, 90, 12);
});

test('swapping the sides mirrors it', () => {
  const turned = lengthControlledWinRate(
    scores.map((score) => 1 - score),
    lengths.map(({ a, b }) => ({ a: b, b: a })),
  );
  near(turned.value, 1 - 0.445687);
});

test('without a finite fit there is no length-controlled figure, and the raw one stays', () => {
  const separated = lengthControlledWinRate(
    [1, 1, 0, 0],
    [9, 8, 2, 1].map((a) => ({ a, b: 5 })),
  );
  assert.deepEqual([separated.value, separated.raw], [null, 0.5]);
  const same = lengthControlledWinRate(
    [1, 0],
    [
      { a: 3, b: 3 },
      { a: 4, b: 4 },
    ],
  );
  assert.deepEqual([same.value, same.raw, same.lengthDifference], [null, 0.5, 0]);
  assert.equal(lengthControlledWinRate([null], [{ a: 1, b: 2 }]).raw, null);
  assert.throws(() => lengthControlledWinRate([1], []), {
    code: 'usage',
    message: '1 scores, but 0 pairs of lengths.',
    help: 'both list the same pairs in the same order',
  });
});

const pairs = [
  { chosen: 2, rejected: 1, section: 'chat' },
  { chosen: 1, rejected: 1, section: 'chat' },
  { chosen: 0, rejected: 3, section: 'code' },
  { chosen: 5, rejected: 3, section: 'code' },
  { chosen: 4, rejected: 3, section: 'code' },
  { chosen: 4, rejected: 3, section: 'code' },
];

test('a reward model is right where chosen beats rejected; a tie is half right, and wrong in RewardBench', () => {
  const found = rewardAccuracy(pairs);
  near(found.value, 4.5 / 6, 12);
  near(found.margin, 2 / 6, 12);
  assert.equal(found.ties, 1);
  near(rewardAccuracy(pairs, { compat: 'rewardbench' }).value, 4 / 6, 12);
});

test('sections weigh their pairs, or what is listed', () => {
  near(rewardAccuracy(pairs).weighted, 4.5 / 6, 12);
  near(
    rewardAccuracy(pairs, { compat: 'rewardbench', weights: { chat: 3, code: 1 } }).weighted,
    (3 * 0.5 + 0.75) / 4,
    12,
  );
  // RewardBench lists math-prm as 984, more than twice its pairs.
  const listed = [
    { chosen: 1, rejected: 0, section: 'math-prm' },
    { chosen: 0, rejected: 1, section: 'alpacaeval-easy' },
  ];
  near(rewardAccuracy(listed, { weights: { 'math-prm': 984, 'alpacaeval-easy': 100 } }).weighted, 984 / 1084, 12);
  assert.equal(rewardAccuracy([]).weighted, null);
  assert.throws(() => rewardAccuracy(pairs, { weights: { chat: 1 } }), {
    code: 'usage',
    message: 'section code has 4 pairs but no weight.',
    help: 'weights are given for chat',
  });
  assert.throws(() => rewardAccuracy([{ chosen: Number.NaN, rejected: 0 }]), {
    message: 'pair 0 has the rewards NaN and 0.',
    help: 'both are finite numbers; pairs count from 0',
  });
});
