import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areApart, tailOf } from './interval.ts';
import { differenceInterval, pairedShareInterval, wilsonInterval } from './shares.ts';

const near = (actual: number, expected: number, digits = 4) =>
  assert.ok(Math.abs(actual - expected) < 0.5 * 10 ** -digits, `${actual} is not ${expected}`);

test('the Wilson interval has the published values of Newcombe 1998, table I', () => {
  const published = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const;
  for (const [successes, trials, low, high] of published) {
    const interval = wilsonInterval(successes, trials);
    near(interval.low, low);
    near(interval.high, high);
  }
});

test('with z = 1 and half of 3 trials the bounds follow by hand', () => {
  // centre (1/3 + 1/6) = 1/2, half √(2/27 + 1/36) = √(11/108), scale 4/3
  const { low, high } = wilsonInterval(1, 3, 1);
  near(low, (1 / 2 - Math.sqrt(11 / 108)) * (3 / 4), 12);
  near(high, (1 / 2 + Math.sqrt(11 / 108)) * (3 / 4), 12);
});

test('none and all touch the ends exactly and mirror each other', () => {
  assert.equal(wilsonInterval(0, 150).low, 0);
  assert.equal(wilsonInterval(150, 150).high, 1);
  near(wilsonInterval(0, 150).high, 1 - wilsonInterval(150, 150).low, 12);
  assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 });
});

test('the interval of a difference has the published values of Newcombe 1998, table II', () => {
  const published = [
    [48, 80, 56, 70, 0.0524, 0.3339],
    [3, 10, 9, 10, 0.1705, 0.809],
    [0, 10, 10, 10, 0.6075, 1],
  ] as const;
  for (const [k1, n1, k2, n2, low, high] of published) {
    const interval = differenceInterval({ successes: k1, trials: n1 }, { successes: k2, trials: n2 });
    near(interval.low, low);
    near(interval.high, high);
  }
});

test('intervals that share an end are not apart', () => {
  assert.equal(areApart({ low: 0, high: 0.2 }, { low: 0.2, high: 0.4 }), false);
  assert.equal(areApart({ low: 0, high: 0.2 }, { low: 0.21, high: 0.4 }), true);
  assert.equal(areApart({ low: 0.21, high: 0.4 }, { low: 0, high: 0.2 }), true);
});

test('levels between 0 and 1 leave out half of the rest on either side', () => {
  near(tailOf(0.9), 0.05, 12);
  for (const level of [0, 1, -0.5]) assert.throws(() => tailOf(level), { message: `level is ${level}.` });
});

test('a count that is no share is refused with both numbers', () => {
  assert.throws(() => wilsonInterval(5, 4), {
    code: 'usage',
    message: '5 successes in 4 trials is no share.',
    help: 'both are whole numbers, and 0 ≤ successes ≤ trials',
  });
  for (const [k, n] of [
    [1.5, 4],
    [1, 4.5],
    [-1, 4],
  ] as const)
    assert.throws(() => wilsonInterval(k, n), { message: `${k} successes in ${n} trials is no share.` });
});

test('the Wilson interval has the values of the specification', () => {
  const golden = [
    [45, 50, 0.786398, 0.956524],
    [0, 30, 0, 0.113513],
    [30, 30, 0.886487, 1],
  ] as const;
  for (const [successes, trials, low, high] of golden) {
    const interval = wilsonInterval(successes, trials);
    near(interval.low, low, 6);
    near(interval.high, high, 6);
  }
});

test('the interval of a paired difference adds one item of each kind', () => {
  // 21 children, 7 positive before only, 1 after only (Fagerland, Lydersen & Laake 2014): (2 − 8)/23 ± z √((10/23 − (6/23)²)/23)
  const { low, high } = pairedShareInterval(1 / 21, 7 / 21, 21);
  near(low, -0.508359, 6);
  near(high, -0.01338, 6);
  // Nothing changed in 10 items: 0 ± z √((2/12)/12)
  near(pairedShareInterval(0, 0, 10, 1).high, Math.sqrt(2 / 144), 12);
  // All 2 were fixed: 3/4 − 1/4 ± z √((1 − 1/4)/4), which ends at 1
  near(pairedShareInterval(1, 0, 2, 1).low, 0.5 - Math.sqrt(3 / 16), 12);
  assert.equal(pairedShareInterval(1, 0, 2).high, 1);
});
