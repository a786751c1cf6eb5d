import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mcnemar } from './mcnemar.ts';
import { near, nearRelative } from './near.test.fixture.ts';
import { pairedDifference } from './paired.ts';

const after = [1, 1, 0, 1, 0, 1, 1, 0, 1, 1];
const before = [1, 0, 0, 1, 0, 1, 0, 0, 1, 0];
const grades = [0.9, 0.7, 0.8, 0.2, 0.1, 0.5, 0.6, 0.4, 0.95, 0.3, 0.35, 0.2];
const prompts = ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'c', 'd', 'd', 'e', 'f'];

test('the paired difference has the values of the specification', () => {
  const difference = pairedDifference(before, after);
  near(difference.value, 0.3);
  near(difference.standardError, 0.152753);
  near(difference.unpairedError, 0.223607);
  near(difference.correlation, 0.534522);
  assert.deepEqual([difference.before, difference.after, difference.fixed, difference.broken], [0.4, 0.7, 3, 0]);
  // 4/12 − 1/12 ± z √((5/12 − 1/16)/12), and McNemar of 3 and 0: 2/8
  near(difference.interval?.low, 0.25 - 1.959963984540054 * Math.sqrt((5 / 12 - 1 / 16) / 12));
  near(difference.p, 0.25, 12);
  assert.deepEqual([difference.test, difference.method], ['mcnemar', 'bonett-price']);
});

test('swapping before and after turns every sign', () => {
  const there = pairedDifference(before, after);
  const back = pairedDifference(after, before);
  near(back.value, -0.3);
  near(back.interval?.high, -(there.interval?.low ?? 0), 12);
  assert.deepEqual([back.fixed, back.broken, back.p], [there.broken, there.fixed, there.p]);
});

test('graded scores have the paired t test', () => {
  // scipy.stats.ttest_rel
  const difference = pairedDifference([0.2, 0.4, 0.6, 0.8, 0.5], [0.5, 0.4, 0.7, 0.9, 0.9]);
  near(difference.p, 0.070484);
  near(difference.interval?.low, -0.024026);
  near(difference.interval?.high, 0.384026);
  assert.deepEqual([difference.fixed, difference.broken, difference.test, difference.midP], [4, 0, 't', null]);
});

test('clusters enter error, degrees of freedom and test', () => {
  const difference = pairedDifference(Array(12).fill(0.3), grades, { clusters: prompts });
  near(difference.value, 0.2);
  near(difference.df, 3.238263);
  near(difference.p, 0.017797);
});

test('right and wrong answers in clusters are not tested as if they stood alone', () => {
  const clusters = after.map((_, i) => i % 5);
  const difference = pairedDifference(before, after, { clusters });
  assert.deepEqual([difference.test, difference.method, difference.midP], ['t', 'bonett-price', null]);
  // Sums of changes 0, 2, 0, 0, 1 over five pairs: √(5/4 · (3 · .36 + 1.96 + .16)) / 10, and 3 of 10 wins by t = .3/.2
  near(difference.standardError, 0.2);
  near(difference.p, 0.208);
  assert.equal(difference.df, 4);
  // Variance .3 − .09 over .2² are 5.25 items: (.3 · 5.25 + 1 − 1)/7.25 ± t.ppf(.975, 4) √((.3 · 5.25 + 2)/7.25 − that²)/7.25)
  near(difference.interval?.low, -0.471321);
  near(difference.interval?.high, 0.905804);
  assert.equal(difference.clusters, 5);
});

test('fixed and broken items in clusters enter the interval with the effective number', () => {
  const [x, y] = [
    [1, 1, 0, 0, 0, 1, 0, 0, 1, 0],
    [1, 0, 1, 1, 0, 1, 1, 0, 1, 1],
  ];
  const difference = pairedDifference(x, y, { clusters: x.map((_, i) => i % 5) });
  // 4 fixed, 1 broken, error² 0.0150: (.5 − .09)/error² = 10.000000 items, by the formula of Bonett and Price
  near(difference.interval?.low, -0.328426);
  near(difference.interval?.high, 0.828426);
});

test('clusters that all changed alike are as sure as their number, not unknown', () => {
  const clusters = Array.from({ length: 12 }, (_, i) => Math.floor(i / 2));
  const collapsed = pairedDifference(Array(12).fill(1), Array(12).fill(0), { clusters });
  // Six clusters that all fell: 2 · 2⁻⁶
  assert.deepEqual([collapsed.value, collapsed.test, collapsed.midP], [-1, 'sign', null]);
  near(collapsed.p, 2 / 64, 12);
  assert.ok(collapsed.interval !== null && collapsed.interval.high < 0);
  // One of two items of each cluster was fixed.
  const half = pairedDifference(
    Array(12).fill(0),
    clusters.map((_, i) => i % 2),
    { clusters },
  );
  assert.deepEqual([half.value, half.test], [0.5, 'sign']);
  near(half.p, 2 / 64, 12);
  const same = pairedDifference(Array(12).fill(1), Array(12).fill(1), { clusters });
  assert.deepEqual([same.test, same.p], ['t', 1]);
});

test('ten items of which none changed are no proof of equality', () => {
  const same = pairedDifference(before, before);
  assert.deepEqual([same.value, same.p], [0, 1]);
  near(same.interval?.high, 1.959963984540054 * Math.sqrt(2 / 144));
  const clustered = pairedDifference(before, before, { clusters: before.map((_, i) => i % 5) });
  // Five clusters stand for five items: t.ppf(.975, 4) √((2/7)/7)
  near(clustered.interval?.high, 2.7764451051977987 * Math.sqrt(2 / 49));
});

test('a shift of every grade by the same amount has no known error', () => {
  const shifted = pairedDifference(
    [0.2, 0.4],
    [0.3, 0.5].map((x) => Math.round(x * 10) / 10),
  );
  near(shifted.value, 0.1);
  assert.equal(pairedDifference([0.25, 0.5], [0.5, 0.75]).interval, null);
  assert.equal(pairedDifference([0.25, 0.5], [0.5, 0.75]).p, null);
});

test('an item that one side could not score counts for neither', () => {
  const difference = pairedDifference([1, null, 0, 1], [0, 1, null, 1]);
  assert.deepEqual([difference.n, difference.missing, difference.before, difference.after], [2, 2, 1, 0.5]);
  const none = pairedDifference([null], [1]);
  assert.deepEqual([none.value, none.interval, none.p, none.n, none.missing], [null, null, null, 0, 1]);
});

test('lists of unequal length are refused', () => {
  assert.throws(() => pairedDifference([1, 0], [1]), {
    code: 'usage',
    message: '2 scores before, but 1 scores after.',
    help: 'both list the same items in the same order',
  });
});

test('McNemar has the values of the specification', () => {
  const test = mcnemar(12, 3);
  near(test.exact, 0.035156);
  near(test.midP, 0.021271);
  near(test.chiSquare, 5.4);
  near(test.chiSquareCorrected, 4.266667);
  assert.deepEqual(mcnemar(3, 12), test);
});

test('McNemar of equal counts and of none is 1', () => {
  assert.equal(mcnemar(5, 5).exact, 1);
  near(mcnemar(5, 5).midP, 1, 12);
  assert.deepEqual(mcnemar(0, 0), { exact: 1, midP: 1, chiSquare: null, chiSquareCorrected: null });
});

test('McNemar holds where 2⁻ⁿ alone underflows', () => {
  // scipy.stats.binomtest(1040, 2000)
  nearRelative(mcnemar(1040, 960).exact, 0.07728689056266859, 9);
  nearRelative(mcnemar(1040, 960).midP, 0.07728689056266859 - 0.0036029794572929185, 9);
});

test('counts that are none are refused', () => {
  assert.throws(() => mcnemar(-1, 3), {
    code: 'usage',
    message: '-1 fixed and 3 broken items.',
    help: 'both are whole numbers of at least 0',
  });
});
