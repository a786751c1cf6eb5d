import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrap, percentiles, resamples } from './bootstrap.ts';
import { meanEstimate } from './mean.ts';
import { near } from './near.test.fixture.ts';

const values = Array.from({ length: 60 }, (_, i) => ((i * 37) % 60) / 60);
const meanOf = (positions: readonly number[]) => positions.reduce((sum, i) => sum + values[i]!, 0) / positions.length;
const options = { seed: 7, name: 'values/mean' };

test('a seed and a name give the same interval each time, another name another one', () => {
  const once = bootstrap(60, meanOf, options);
  assert.deepEqual(bootstrap(60, meanOf, options), once);
  assert.notDeepEqual(bootstrap(60, meanOf, { ...options, name: 'other' }).interval, once.interval);
  assert.notDeepEqual(bootstrap(60, meanOf, { ...options, seed: 8 }).interval, once.interval);
});

test('of a mean it agrees with the t interval', () => {
  const drawn = bootstrap(60, meanOf, { ...options, draws: 20_000 });
  const exact = meanEstimate(values);
  near(drawn.value, exact.value ?? Number.NaN, 12);
  near((drawn.standardError ?? 0) / (exact.standardError ?? 1), 1, 1);
  assert.ok(Math.abs((drawn.standardError ?? 0) / (exact.standardError ?? 1) - 1) < 0.02);
  near(drawn.interval?.low, exact.interval?.low ?? Number.NaN, 2);
  near(drawn.interval?.high, exact.interval?.high ?? Number.NaN, 2);
  assert.deepEqual([drawn.draws, drawn.df], [20_000, 59]);
});

test('the tails are those of Student for the clusters at hand', () => {
  const found = Array.from({ length: 999 }, (_, i) => i + 1);
  // Φ(t.ppf(.025, 39) √(40/39)) = .0202575 from scipy; with 4 clusters .00012, beyond 999 draws
  near(percentiles(found, 999, 39, 0.025).interval?.low, 20.257536, 5);
  near(percentiles(found, 999, 39, 0.025).interval?.high, 1000 - 20.257536, 5);
  assert.equal(percentiles(found, 999, 3, 0.025).interval, null);
  near(percentiles(found, 999, 1e9, 0.025).interval?.low, 25, 4);
  near(percentiles(found, 999, 5, 0.025).interval?.low, 2.431803);
  // √(Σ (i − 500)² / 998) √(40/39)
  near(percentiles(found, 999, 39, 0.025).standardError, Math.sqrt((999 * 1000) / 12) * Math.sqrt(40 / 39));
});

test('p is the level at which the interval touches 0', () => {
  const around = Array.from({ length: 1999 }, (_, i) => i - 49.5);
  // 50 of 1,999 lie below: a share of 51/2000 either side by the normal's tails is p = .051
  near(percentiles(around, 1999, 1e9, 0.025).p, 0.051, 5);
  assert.ok((percentiles(around, 1999, 9, 0.025).p ?? 0) > 0.08);
  near(
    percentiles(
      [...around].map((x) => -x),
      1999,
      1e9,
      0.025,
    ).p,
    0.051,
    5,
  );
  const even = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? i + 1 : -i));
  assert.equal(percentiles(even, 1000, 9, 0.025).p, 1);
  assert.equal(percentiles(Array(1000).fill(0), 1000, 9, 0.025).p, 1);
});

test('whole clusters are drawn, as many as there are', () => {
  const groups = [[0, 1, 2], [3], [4, 5]];
  for (const positions of resamples(groups, 50, { seed: 1, name: 'g' })) {
    for (const group of groups) {
      const times = group.map((i) => positions.filter((p) => p === i).length);
      assert.ok(times.every((t) => t === times[0]));
    }
    assert.equal(
      groups.reduce((sum, group) => sum + positions.filter((p) => p === group[0]).length, 0),
      3,
    );
  }
});

test('clusters widen the interval of items that go together', () => {
  const same = Array.from({ length: 40 }, (_, i) => Math.floor(i / 4) % 2);
  const of = (positions: readonly number[]) => positions.reduce((sum, i) => sum + same[i]!, 0) / positions.length;
  const alone = bootstrap(40, of, options);
  const grouped = bootstrap(40, of, { ...options, clusters: same.map((_, i) => Math.floor(i / 4)) });
  const width = ({ interval }: typeof alone) => (interval?.high ?? 0) - (interval?.low ?? 0);
  assert.ok(width(grouped) > 1.7 * width(alone));
  assert.deepEqual([grouped.clusters, grouped.df], [10, 9]);
});

test('a statistic that often does not exist has no interval, and the draws without are counted', () => {
  const rare = bootstrap(20, (positions) => (positions.includes(3) ? 1 : null), options);
  assert.equal(rare.value, 1);
  assert.equal(rare.interval, null);
  // (19/20)²⁰ = 35.8 % of 2,000 draws lack item 3
  assert.ok(Math.abs(rare.undefinedDraws - 717) < 80);
  const never = bootstrap(20, () => null, options);
  assert.deepEqual([never.value, never.interval, never.undefinedDraws], [null, null, 0]);
});

test('no items and one cluster tell nothing', () => {
  assert.deepEqual(bootstrap(0, () => 1, options).value, null);
  assert.equal(bootstrap(60, meanOf, { ...options, clusters: values.map(() => 'd') }).interval, null);
});
