import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JudgedPair, resolveBothOrders } from './both-orders.ts';
import { judgeCalibration } from './judge-calibration.ts';
import { agreement } from './kappa.ts';
import { krippendorffAlpha } from './krippendorff.ts';
import { near } from './near.test.fixture.ts';

/** Krippendorff 2011, example C: four coders (rows), twelve units, with missing values. */
const coders = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
  [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
  [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
  [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
];
const units = coders[0]!.map((_, unit) => coders.map((values) => values[unit]!));

test("Krippendorff's alpha has the published values .743, .815, .849", () => {
  near(krippendorffAlpha(units, 'nominal').alpha, 0.743421);
  near(krippendorffAlpha(units, 'ordinal').alpha, 0.815388);
  near(krippendorffAlpha(units, 'interval').alpha, 0.849107);
  const { values, unpaired } = krippendorffAlpha(units);
  assert.deepEqual([krippendorffAlpha(units).units, values, unpaired], [11, 40, 1]);
});

test('the order of units and coders does not matter to alpha', () => {
  const turned = [...units].reverse().map((unit) => [...unit].reverse());
  for (const [metric, alpha] of [
    ['nominal', 0.743421],
    ['ordinal', 0.815388],
    ['interval', 0.849107],
  ] as const)
    near(krippendorffAlpha(turned, metric).alpha, alpha);
});

test('alpha of two coders without gaps by hand', () => {
  // a,a | a,b | b,b: o_ab = o_ba = 1, n_a = n_b = 3, n = 6: 1 − 5 · 2 / 18
  near(
    krippendorffAlpha([
      ['a', 'a'],
      ['a', 'b'],
      ['b', 'b'],
    ]).alpha,
    1 - 10 / 18,
    12,
  );
});

test('alpha does not exist where all values are the same or none is paired', () => {
  assert.equal(
    krippendorffAlpha([
      [1, 1],
      [1, 1],
    ]).alpha,
    null,
  );
  assert.deepEqual(
    krippendorffAlpha([
      [1, null],
      [null, 2],
    ]),
    { alpha: null, units: 0, values: 0, unpaired: 2 },
  );
});

test('words have no order', () => {
  assert.throws(() => krippendorffAlpha([['good', 'bad']], 'ordinal'), {
    code: 'usage',
    message: 'Krippendorff\'s alpha with metric ordinal over the value "good".',
    help: 'ordinal and interval need numbers; give words to nominal, or number the words in their order',
  });
});

test("Cohen's kappa equals scikit-learn's", () => {
  const found = agreement([1, 1, 0, 1, 0, 0, 1, 1, 0, 2], [1, 0, 0, 1, 0, 1, 1, 1, 2, 2]);
  near(found.kappa, 0.508197);
  near(found.agreement, 0.7, 12);
  near(found.expected, 0.5 * 0.5 + 0.4 * 0.3 + 0.1 * 0.2, 12);
});

test('kappa leaves out what one did not label, and does not exist where chance agrees always', () => {
  const found = agreement(['y', 'n', null, 'y'], ['y', 'y', 'y', null]);
  assert.deepEqual([found.n, found.missing, found.agreement, found.kappa], [2, 2, 0.5, 0]);
  assert.equal(agreement(['y', 'y'], ['y', 'y']).kappa, null);
  assert.equal(agreement([], []).agreement, null);
  assert.throws(() => agreement(['y'], []), {
    code: 'usage',
    message: '1 labels of one rater, but 0 of the other.',
    help: 'both list the same items in the same order; null stands where a rater gave no label',
  });
});

test('only what a judge says in both orders counts', () => {
  const pairs: JudgedPair[] = [
    { aFirst: 'a', bFirst: 'a' },
    { aFirst: 'b', bFirst: 'b' },
    { aFirst: 'a', bFirst: 'b' },
    { aFirst: 'tie', bFirst: 'tie' },
    { aFirst: 'a', bFirst: 'tie' },
    { aFirst: 'a', bFirst: null },
  ];
  const found = resolveBothOrders(pairs);
  assert.deepEqual(found.scores, [1, 0, 0.5, 0.5, 0.5, null]);
  assert.deepEqual([found.n, found.undecided, found.flips, found.flipRate], [5, 1, 2, 0.4]);
  // First preferred: a|a first, b|b second order, a and b in the third pair, a in the fifth: 5 of 7
  near(found.firstPreferred, 5 / 7, 12);
  near(found.flipInterval?.low, 0.117621);
});

test('a judge that always prefers the first answer flips always and decides nothing', () => {
  const found = resolveBothOrders(Array<JudgedPair>(8).fill({ aFirst: 'a', bFirst: 'b' }));
  assert.deepEqual([found.flipRate, found.firstPreferred, found.scores[0]], [1, 1, 0.5]);
  assert.equal(resolveBothOrders([{ aFirst: 'a', bFirst: 'a' }]).firstPreferred, 0.5);
  assert.equal(resolveBothOrders([]).flipRate, null);
  assert.equal(resolveBothOrders([{ aFirst: 'tie', bFirst: 'tie' }]).firstPreferred, null);
});

test('a judge is measured on labelled items', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i < 30);
  const judged = labels.map((label, i) => (i % 10 === 0 ? !label : label));
  const found = judgeCalibration(judged, labels, { seed: 1, name: 'support' });
  near(found.agreement, 0.9, 12);
  near(found.agreementInterval?.low, 0.798505);
  near(found.kappa, 0.8, 12);
  near(found.falseSupport, 0.1, 12);
  near(found.falseSupportInterval?.high, 0.256211);
  assert.ok(found.kappaInterval && found.kappaInterval.low > 0.5 && found.kappaInterval.high <= 1);
  assert.equal(found.indicative, null);
});

test('items without a verdict or a label calibrate nobody', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i < 30);
  const options = { seed: 1, name: 'support', draws: 500 };
  const whole = judgeCalibration(labels, labels, options);
  const gaps = judgeCalibration([...labels, null, true], [...labels, false, null], options);
  assert.deepEqual(gaps, { ...whole, missing: 2 });
});

test('a weak judge, few labels and labels of one kind are called indicative', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 2 === 0);
  const guesses = labels.map((_, i) => i % 3 === 0);
  const options = { seed: 1, name: 'support', draws: 50 };
  assert.equal(judgeCalibration(guesses, labels, options).indicative, 'κ 0.00 is below 0.4');
  assert.equal(
    judgeCalibration([true, false], [true, false], options).indicative,
    '2 labelled items; a judge is calibrated on 50 or more',
  );
  const fifty = labels.slice(0, 50);
  assert.equal(judgeCalibration(fifty, fifty, options).indicative, null);
  const all = labels.map(() => true);
  assert.equal(judgeCalibration(all, all, options).indicative, 'κ is undefined: all labels are the same');
  assert.equal(judgeCalibration(all, all, options).falseSupport, null);
});
