import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import {
  accuracy,
  balancedAccuracy,
  baselines,
  type Classified,
  macroF1,
  recallAndPrecision,
} from './classification.ts';
import { legalBenchScore, normalizeLabel } from './legalbench.ts';

const rows = (golds: string, predicted: string): Classified[] =>
  golds.split(' ').map((gold, i) => {
    const answer = predicted.split(' ')[i]!;
    return { gold, predicted: answer === '-' ? null : answer };
  });
const golden = rows('y y y n', 'y y n n');

test('accuracy, macro-F1 and balanced accuracy of the golden rows', () => {
  assert.equal(accuracy(golden), 0.75);
  assert.ok(agrees(macroF1(golden), 0.733333)); // F1 of y 4/5, of n 2/3
  assert.ok(agrees(balancedAccuracy(golden), 0.833333)); // recall of y 2/3, of n 1
});

test('a class that is only predicted lowers macro-F1 and not balanced accuracy', () => {
  const stray = rows('y y n', 'y m n');
  // y: 2·1/(2+1) = 2/3, m: 0, n: 1.
  assert.ok(agrees(macroF1(stray), (2 / 3 + 0 + 1) / 3));
  assert.equal(balancedAccuracy(stray), 0.75);
});

test('an unreadable answer is a miss and no class of its own', () => {
  const unread = rows('y n', 'y -');
  assert.equal(accuracy(unread), 0.5);
  assert.equal(macroF1(unread), 0.5);
  assert.deepEqual(recallAndPrecision(unread, 'n'), { recall: 0, precision: null });
});

test('chance and majority', () => {
  assert.deepEqual(baselines(['y', 'y', 'n']), { chance: 0.5, majority: 2 / 3, majorityClass: 'y' });
  assert.deepEqual(baselines(['n', 'y', 'y']).majorityClass, 'y');
  assert.equal(baselines(['y', 'y'], 4).chance, 0.25);
});

test('no rows have no accuracy', () => {
  assert.throws(() => accuracy([]), { message: 'accuracy of no rows is undefined.' });
  assert.throws(() => macroF1([]), { message: 'macro-F1 of no rows is undefined.' });
});

test("LegalBench's labels: punctuation first, then outer spaces, then case", () => {
  assert.equal(normalizeLabel(' Yes. '), 'yes');
  assert.equal(normalizeLabel('Yes .'), 'yes', 'the space before the stop is outer once the stop is gone');
  assert.equal(normalizeLabel('Yes , sir'), 'yes  sir');
  assert.ok(agrees(legalBenchScore(rows('Y. y Y n', '"y" Y! N n')), 0.833333));
  assert.equal(legalBenchScore([{ gold: 'Yes', predicted: 'Yes, because' }]), 0);
  assert.equal(legalBenchScore([{ gold: '!', predicted: null }]), 0);
});
