import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGate, type Gate } from './gate.ts';
import { near } from './near.test.fixture.ts';
import { type Evidence, verdict, verdicts } from './verdict.ts';

const difference = (low: number, high: number, p: number | null = 0.001) => ({ interval: { low, high }, p, n: 100 });
const word = (evidence: Omit<Evidence, 'higherIsBetter'>, higherIsBetter = true) =>
  verdict({ higherIsBetter, ...evidence }).word;

test('a difference on one side of 0 with a small p has a direction', () => {
  assert.equal(word({ difference: difference(0.02, 0.08) }), 'improved');
  assert.equal(word({ difference: difference(-0.08, -0.02) }), 'regressed');
  assert.equal(word({ difference: difference(0.02, 0.08) }, false), 'regressed');
  assert.equal(word({ difference: difference(-0.08, -0.02) }, false), 'improved');
});

test('interval and adjusted p must both say so', () => {
  assert.equal(word({ difference: difference(0.02, 0.08, 0.051) }), 'inconclusive');
  assert.equal(word({ difference: difference(0.02, 0.08, 0.05) }), 'improved');
  assert.equal(word({ difference: difference(-0.01, 0.08, 0.01) }), 'inconclusive');
  assert.equal(word({ difference: difference(0, 0.08, 0.01) }), 'inconclusive');
  assert.equal(word({ difference: difference(0.02, 0.08, 0.02), alpha: 0.01 }), 'inconclusive');
});

test('equivalent needs a margin that holds the whole interval', () => {
  assert.equal(word({ difference: difference(-0.01, 0.015, 0.7), margin: 0.02 }), 'equivalent');
  assert.equal(word({ difference: difference(-0.01, 0.015, 0.7) }), 'inconclusive');
  assert.equal(word({ difference: difference(-0.01, 0.02, 0.7), margin: 0.02 }), 'inconclusive');
  assert.equal(word({ difference: difference(-0.02, 0.01, 0.7), margin: 0.02 }), 'inconclusive');
  assert.equal(word({ difference: difference(0.001, 0.01, 0.01), margin: 0.02 }), 'equivalent');
  assert.equal(word({ difference: difference(0.01, 0.05, 0.01), margin: 0.02 }), 'improved');
});

test('what cannot be judged is said with its reason', () => {
  const found = difference(0.02, 0.08);
  assert.deepEqual(verdict({ difference: found, higherIsBetter: true, invalid: 'all choices score the same' }), {
    word: 'invalid',
    why: 'all choices score the same',
  });
  assert.equal(word({ difference: found, notComparable: 'different tokenizers' }), 'not comparable');
  assert.deepEqual(verdict({ difference: { interval: null, p: null, n: 0 }, higherIsBetter: true }), {
    word: 'inconclusive',
    why: 'no interval from 0 items',
  });
  assert.equal(word({ difference: { ...found, p: null } }), 'inconclusive');
  assert.equal(
    verdict({ difference: difference(0.02, 0.08, 0.00123), higherIsBetter: true }).why,
    '[0.02, 0.08], p 0.00123',
  );
});

test('a margin of 0 is refused', () => {
  assert.throws(() => word({ difference: difference(0, 0), margin: 0 }), {
    code: 'usage',
    message: 'an equivalence margin of 0.',
    help: 'a margin is above 0, in the unit of the metric; leave it out where no difference is too small to matter',
  });
});

test('the rows of a comparison share one error rate', () => {
  const row = (p: number | null, rest: Partial<Evidence> = {}): Evidence => ({
    difference: difference(0.01, 0.1, p),
    higherIsBetter: true,
    ...rest,
  });
  const found = verdicts([row(0.01), row(0.03), row(0.04), row(0.001, { invalid: 'degenerate' }), row(null)]);
  assert.deepEqual(
    found.map(({ word, adjusted }) => [word, adjusted?.toFixed(2) ?? null]),
    [
      ['improved', '0.03'],
      ['inconclusive', '0.06'],
      ['inconclusive', '0.06'],
      ['invalid', null],
      ['inconclusive', null],
    ],
  );
});

const gate = (op: Gate['op'], threshold: number): Gate => ({ metric: 'citations.precision', op, threshold });
const outcome = (op: Gate['op'], threshold: number, low: number, high: number) =>
  checkGate(gate(op, threshold), { interval: { low, high }, n: 200 }).outcome;

test('a gate tests the end of the interval', () => {
  assert.equal(outcome('>=', 0.9, 0.9, 0.96), 'passed');
  assert.equal(outcome('>', 0.9, 0.9, 0.96), 'failed');
  assert.equal(outcome('>=', 0.9, 0.89, 0.99), 'failed');
  assert.equal(outcome('<=', 0.05, 0.01, 0.05), 'passed');
  assert.equal(outcome('<', 0.05, 0.01, 0.05), 'failed');
  assert.equal(outcome('<=', 0.05, 0, 0.06), 'failed');
  assert.equal(outcome('>=', -0.02, -0.01, 0.02), 'passed');
  assert.equal(checkGate(gate('>=', 0.9), { interval: { low: 0.89, high: 0.99 }, n: 200 }).bound, 0.89);
  assert.equal(checkGate(gate('<=', 0.9), { interval: { low: 0.89, high: 0.99 }, n: 200 }).bound, 0.99);
});

test('an interval wider than the threshold cannot tell', () => {
  const wide = checkGate(gate('<=', 0.01), { interval: { low: 0, high: 0.08 }, n: 50 });
  assert.equal(wide.outcome, 'underpowered');
  near(wide.halfWidth, 0.04, 12);
  assert.equal(wide.itemsNeeded, 800);
  assert.equal(
    wide.why,
    'citations.precision: [0, 0.08] from 50 items is wider than ±0.01; about 800 items would tell',
  );
  assert.equal(outcome('>=', -0.02, -0.01, 0.05), 'underpowered');
  // Exactly as wide as the threshold still tells.
  assert.equal(outcome('<=', 0.25, 0, 0.5), 'failed');
  assert.equal(outcome('>=', 0, 0.01, 0.4), 'passed');
  assert.equal(outcome('>=', 0, -0.01, 0.4), 'failed');
});

test('a gate without an interval is underpowered, and says from how many items', () => {
  const none = checkGate(gate('>=', 0.9), { interval: null, n: 0 });
  assert.deepEqual(
    [none.outcome, none.bound, none.why],
    ['underpowered', null, 'citations.precision: no interval from 0 items'],
  );
});

test('the reasons name both ends and the threshold', () => {
  const { why } = checkGate(gate('>=', 0.9), { interval: { low: 0.871, high: 0.954 }, n: 200 });
  assert.equal(why, 'citations.precision: the low end of [0.871, 0.954] from 200 items is not >= 0.9');
  const below = checkGate(gate('<', 0.1), { interval: { low: 0.01, high: 0.054 }, n: 200 });
  assert.equal(below.why, 'citations.precision: the high end of [0.01, 0.054] from 200 items is < 0.1');
  assert.throws(() => checkGate(gate('>=', Number.NaN), { interval: null, n: 0 }), {
    code: 'usage',
    message: 'the gate on citations.precision has the threshold NaN.',
    help: 'a threshold is a finite number in the unit of the metric',
  });
});
