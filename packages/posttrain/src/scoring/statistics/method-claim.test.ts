import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../support/random.ts';
import { type Arm, methodDifference, methodVerdict } from './method-claim.ts';
import { near } from './near.test.fixture.ts';

const statistic = (scores: readonly number[]) => scores.reduce((a, b) => a + b, 0) / scores.length;
const options = { statistic, seed: 3, name: 'claim', draws: 4000 };
const items = Array.from({ length: 50 }, (_, i) => (i % 10) / 10);
/** Runs whose scores are those of the items plus what each seed adds. */
const arm = (...shifts: readonly number[]): Arm<number> => shifts.map((shift) => items.map((item) => item + shift));

test("with seeds alone it is Welch's t test of the means of runs", () => {
  // Both arms share the items and no noise: the difference does not depend on the items.
  const found = methodDifference(arm(0, 0.02, 0.04, 0.06, 0.08), arm(0.1, 0.1, 0.12, 0.14, 0.14), options);
  near(found.value, 0.08, 9);
  near(found.varianceOfItems, 0, 9);
  // s² = .001 and .0004, over 5 each
  near(found.varianceOfSeeds, 0.00028, 9);
  near(found.standardError, Math.sqrt(0.00028), 9);
  near(found.df, 0.00028 ** 2 / (0.0002 ** 2 / 4 + 0.00008 ** 2 / 4), 6);
  near(found.interval?.low, 0.040144);
  near(found.interval?.high, 0.119856);
  // scipy.stats.ttest_ind(equal_var=False)
  near(found.p, 0.00221349);
});

test('with equal runs it is the paired difference over items', () => {
  const gains = items.map((item, i) => item + (i % 2 === 0 ? 0.2 : 0));
  const found = methodDifference(arm(0, 0, 0, 0, 0), [gains, gains, gains, gains, gains], options);
  near(found.varianceOfSeeds, 0, 12);
  // Differences .2 and 0, half each: .01 · 50/49 / 50
  assert.ok(Math.abs((found.standardError ?? 0) / Math.sqrt(0.01 / 49) - 1) < 0.03);
  near(found.df, 49, 6);
});

test('few clusters of items are corrected for the shrinkage of the bootstrap', () => {
  // Four clusters whose items gain 0, .1, .2, .3: variance .0125 over 4, times 4/3.
  const few = Array.from({ length: 8 }, (_, i) => i % 4);
  const runs = (gain: number) => Array.from({ length: 5 }, () => few.map((cluster) => gain * cluster));
  const found = methodDifference(runs(0), runs(0.1), { ...options, clusters: few });
  assert.ok(Math.abs((found.varianceOfItems ?? 0) / (0.0125 / 3) - 1) < 0.06);
  near(found.df, 3, 6);
  assert.deepEqual([found.clusters, found.n], [4, 8]);
  const one = methodDifference(runs(0), runs(0.1), { ...options, clusters: few.map(() => 'd') });
  near(one.value, 0.15, 9);
  assert.deepEqual([one.interval, one.p], [null, null]);
});

test('without noise the variances of seeds and of items add up', () => {
  const gain = (i: number) => (i % 2 === 0 ? 0.2 : 0);
  const after = arm(0.1, 0.1, 0.12, 0.14, 0.14).map((run) => run.map((score, i) => score + gain(i)));
  const found = methodDifference(arm(0, 0.02, 0.04, 0.06, 0.08), after, options);
  near(found.varianceOfSeeds, 0.00028, 9);
  near((found.standardError ?? 0) ** 2, 0.00028 + (found.varianceOfItems ?? 0), 9);
  assert.ok(Math.abs((found.varianceOfItems ?? 0) / (0.01 / 49) - 1) < 0.06);
});

test('the noise of single runs on single items counts once', () => {
  // Noise of variance 1/12 in each run and item lies in the variance of seeds and in that of items: 2 arms · 1/12 / (5 · 100).
  const random = Random.of(1, 'noise');
  let twice = 0;
  for (let i = 0; i < 30; i++) {
    const gains = Array.from({ length: 100 }, () => 1.2 * random.float());
    const noisy = (gain: number) =>
      Array.from({ length: 5 }, () => {
        const shift = 0.3 * random.float();
        return gains.map((item) => shift + gain * item + random.float());
      });
    const { varianceOfSeeds, varianceOfItems, standardError } = methodDifference(noisy(0), noisy(1), {
      ...options,
      draws: 100,
    });
    twice += (varianceOfSeeds ?? 0) + (varianceOfItems ?? 0) - (standardError ?? 0) ** 2;
  }
  assert.ok(Math.abs(twice / 30 / (2 / 12 / 500) - 1) < 0.05, `${twice / 30}`);
});

test('fewer than 5 seeds claim nothing', () => {
  const four = methodDifference(arm(0, 0.01, 0.02, 0.03), arm(0.5, 0.51, 0.52, 0.53, 0.54), options);
  assert.ok((four.p ?? 1) < 0.001);
  assert.deepEqual(methodVerdict(four, { higherIsBetter: true }), {
    word: 'inconclusive',
    why: '4 training seeds in an arm; a claim about a method needs 5',
  });
  assert.equal(methodVerdict(four, { higherIsBetter: true, invalid: 'degenerate' }).word, 'invalid');
  const five = methodDifference(arm(0, 0.01, 0.02, 0.03, 0.04), arm(0.5, 0.51, 0.52, 0.53, 0.54), options);
  assert.equal(methodVerdict(five, { higherIsBetter: true }).word, 'improved');
  assert.equal(methodVerdict(five, { higherIsBetter: false }).word, 'regressed');
});

test('one seed, no items, or a statistic that does not exist have no interval', () => {
  const one = methodDifference(arm(0), arm(0.5), options);
  near(one.value, 0.5, 9);
  assert.deepEqual([one.interval, one.p, one.seedsBefore], [null, null, 1]);
  assert.equal(methodDifference([[]], [[]], options).value, null);
  assert.equal(methodDifference(arm(0, 1), arm(1, 2), { ...options, statistic: () => null }).value, null);
});

test('runs of different items are refused', () => {
  assert.throws(() => methodDifference([[1, 2]], [[1]], options), {
    code: 'usage',
    message: 'run 1 has 1 items, the first has 2.',
    help: 'every run of both arms answers the same items; runs count from 0, those before first',
  });
});
