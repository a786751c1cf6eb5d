import assert from 'node:assert/strict';
import { test } from 'node:test';
import { near } from '../statistics/near.test.fixture.ts';
import { rewardReport, type ScoredPair } from './reward-report.ts';

const pair = (
  chosen: readonly [score: number, length: number],
  rejected: readonly [score: number, length: number],
  prompt: string,
  group?: string,
): ScoredPair => ({
  chosen: { score: chosen[0], length: chosen[1] },
  rejected: { score: rejected[0], length: rejected[1] },
  prompt,
  group,
});

/** Right, wrong, a tie, right. */
const four = [
  pair([2, 5], [1, 3], 'A', 'x'),
  pair([0, 2], [1, 6], 'A', 'x'),
  pair([3, 4], [3, 4], 'B', 'y'),
  pair([1, 4], [-1, 9], 'C', 'y'),
];

test('four pairs by hand: accuracy, ties, margin', () => {
  const { pairs, prompts, accuracy } = rewardReport(four);
  assert.deepEqual([pairs, prompts, accuracy.clusters], [4, 3, 3]);
  near(accuracy.value, (1 + 0 + 0.5 + 1) / 4, 12);
  assert.equal(accuracy.ties, 1);
  near(accuracy.margin, (1 - 1 + 0 + 2) / 4, 12);
  assert.ok(accuracy.interval!.low < 0.625 && accuracy.interval!.high > 0.625);
});

test('calibration by hand: σ(1) twice, once right, and σ(2) right; the tie counts for the loss alone', () => {
  const { calibration } = rewardReport(four);
  assert.equal(calibration.n, 3);
  const [one, two] = [0.7310585786300049, 0.8807970779778823];
  near(calibration.expectedError!.error, (one - 0.5) * (2 / 3) + (1 - two) / 3, 12);
  near(calibration.brier, ((1 - one) ** 2 + one ** 2 + (1 - two) ** 2) / 3, 12);
  near(calibration.loss, -(Math.log(one) + Math.log(1 - one) + Math.log(0.5) + Math.log(two)) / 4, 12);
});

test('length by hand: the longer answer wins two of three and was chosen in one', () => {
  const { length } = rewardReport(four);
  assert.equal(length.n, 3);
  near(length.longerWins.before, 1 / 3, 12);
  near(length.longerWins.after, 2 / 3, 12);
  near(length.longerWins.value, 1 / 3, 12);
  // Differences of scores 1, −1, 0, 2 and of lengths 2, −4, 0, −5.
  near(length.pearsonWithin, -4 / Math.sqrt(6 * 45), 12);
  // Scores 2 1 0 1 3 3 1 −1, mean 1.25; lengths 5 3 2 6 4 4 4 9, mean 4.625: products −8.25, squares 13.5 and 31.875.
  near(length.pearson, -8.25 / Math.sqrt(13.5 * 31.875), 12);
});

test('groups: each its own accuracy and how far length went with it', () => {
  const [x, y] = rewardReport(four).groups;
  assert.deepEqual([x!.group, x!.value, x!.n, x!.margin, x!.longerWins], ['x', 0.5, 2, 0, 1]);
  assert.deepEqual([y!.group, y!.value, y!.n, y!.margin, y!.longerWins], ['y', 0.75, 2, 1, 0]);
  assert.deepEqual(rewardReport([pair([1, 1], [0, 1], 'A')]).groups, []);
});

test('a reward that only counts words is found out', () => {
  const pairs = Array.from({ length: 40 }, (_, i) => {
    const [short, long] = [5 + (i % 7), 20 + (i % 5)];
    // People chose the longer answer in every second pair only.
    return i % 2 === 0 ? pair([long, long], [short, short], `${i}`) : pair([short, short], [long, long], `${i}`);
  });
  const { accuracy, length } = rewardReport(pairs);
  assert.equal(accuracy.value, 0.5);
  near(length.pearson, 1, 12);
  near(length.spearmanWithin, 1, 12);
  assert.deepEqual([length.longerWins.before, length.longerWins.after], [0.5, 1]);
  assert.ok(length.longerWins.interval!.low > 0.2);
});

test('nothing is known of no pairs, and what is no number is refused', () => {
  const { accuracy, calibration, length } = rewardReport([]);
  assert.deepEqual(
    [accuracy.value, calibration.expectedError, calibration.loss, length.pearson, length.longerWins.value],
    [null, null, null, null, null],
  );
  assert.throws(() => rewardReport([pair([Number.NaN, 1], [0, 1], 'A')]), { code: 'usage', message: /NaN and 0/ });
});
