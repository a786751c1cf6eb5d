import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { calibrationErrorByMass, calibrationErrorByWidth } from './expected-error.ts';
import type { JudgedConfidence } from './judged.ts';
import { aurc, auroc, brierScore, brierSkill, riskAtCoverage, riskCoverage } from './ranking.ts';

const judged = (confidences: readonly number[], correct: readonly number[]): JudgedConfidence[] =>
  confidences.map((confidence, i) => ({ confidence, correct: correct[i] === 1 }));
const golden = judged([0.95, 0.85, 0.85, 0.65, 0.55, 0.35, 0.15, 0.95, 0.75, 0.45], [1, 1, 0, 1, 0, 0, 0, 1, 1, 1]);

test('every number of the golden answers', () => {
  assert.ok(agrees(calibrationErrorByWidth(golden).error, 0.3));
  assert.ok(agrees(brierScore(golden), 0.1685));
  assert.ok(agrees(auroc(golden), 0.8125));
  assert.ok(agrees(aurc(golden), 0.188571));
  assert.ok(agrees(riskAtCoverage(golden, 0.8), 0.25));
  assert.ok(agrees(brierSkill(golden), 0.297917));
});

test('bins are closed on the right, also where 10 · c is not what it seems', () => {
  const at = (confidence: number) =>
    calibrationErrorByWidth(judged([confidence], [1])).bins.findIndex((bin) => bin.count === 1);
  assert.deepEqual([0, 0.1, 0.1000001, 0.3, 0.6, 0.7, 1].map(at), [0, 0, 1, 2, 5, 6, 9]);
  for (let bins = 1; bins <= 30; bins++)
    for (let edge = 1; edge <= bins; edge++) {
      const made = calibrationErrorByWidth(judged([edge / bins], [1]), bins).bins;
      assert.equal(
        made.findIndex((bin) => bin.count === 1),
        edge - 1,
        `${edge}/${bins}`,
      );
    }
});

test('bins of equal size, by hand: sizes 3 and 2', () => {
  const { error, bins, rule } = calibrationErrorByMass(judged([0.1, 0.2, 0.6, 0.9, 1], [0, 1, 1, 1, 0]), 2);
  assert.deepEqual(
    bins.map((bin) => bin.count),
    [2, 3],
  );
  assert.ok(agrees(bins[0]!.confidence, 0.15) && agrees(bins[0]!.accuracy, 0.5));
  assert.ok(agrees(bins[1]!.confidence, 2.5 / 3) && agrees(bins[1]!.accuracy, 2 / 3));
  // |.5 − .15| · 2/5 + |2/3 − 5/6| · 3/5
  assert.ok(agrees(error, 0.35 * 0.4 + (2.5 / 3 - 2 / 3) * 0.6, 12));
  assert.equal(rule, '2 bins of equal size');
  const empty = calibrationErrorByMass(judged([0.5], [1]), 2).bins[0];
  assert.deepEqual(empty, { from: 0, to: 0, count: 0, confidence: null, accuracy: null });
});

test('equal confidences across a border of mass bins: order does not matter', () => {
  const items = judged([0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0]);
  assert.equal(calibrationErrorByMass(items, 2).error, 0);
  assert.equal(calibrationErrorByMass(items.toReversed(), 2).error, 0);
});

test('AUROC: chance for constant confidence, 0 for reversed, null without both kinds', () => {
  assert.equal(auroc(judged([0.5, 0.5, 0.5], [1, 0, 1])), 0.5);
  assert.equal(auroc(judged([0.1, 0.9], [1, 0])), 0);
  assert.equal(auroc(judged([0.1, 0.9], [1, 1])), null);
  assert.equal(brierSkill(judged([0.9], [1])), null);
});

test('AUROC by ranks equals counting pairs', () => {
  const pairs = golden.flatMap((a) =>
    golden.flatMap((b) => (a.correct && !b.correct ? [Math.sign(a.confidence - b.confidence) / 2 + 0.5] : [])),
  );
  assert.ok(agrees(auroc(golden), pairs.reduce((sum, one) => sum + one, 0) / pairs.length, 12));
});

test('risk and coverage: ties in order, or averaged', () => {
  const tied = judged([0.9, 0.9], [1, 0]);
  assert.deepEqual(riskCoverage(tied), [0, 0.5]);
  assert.deepEqual(riskCoverage(tied.toReversed()), [1, 0.5]);
  assert.deepEqual(riskCoverage(tied, { ties: 'average' }), riskCoverage(tied.toReversed(), { ties: 'average' }));
  assert.equal(riskAtCoverage(judged(Array(10).fill(0.5), [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]), 0.7), 0);
});

test('confidences and bins are checked', () => {
  assert.throws(() => brierScore(judged([85], [1])), { message: 'confidence 85 of answer 0 is not in [0, 1].' });
  assert.throws(() => auroc([]), { message: 'the calibration of no answers is undefined.' });
  assert.throws(() => calibrationErrorByWidth(golden, 0), { message: '0 bins are no whole number above 0.' });
  assert.throws(() => riskAtCoverage(golden, 0), { message: 'coverage 0 is not in (0, 1].' });
  assert.throws(() => riskAtCoverage(golden, 1.5), { message: 'coverage 1.5 is not in (0, 1].' });
});
