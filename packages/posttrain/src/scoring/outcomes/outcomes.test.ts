import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../contract.ts';
import { agrees } from '../golden.test.fixture.ts';
import { type AnswerabilityItem, abstentionScore } from './abstention.ts';
import { attemptedScore, thresholdScore, wrongAnswerReward } from './attempted.ts';

const repeat = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);
const golden = [...repeat(40, 'correct'), ...repeat(35, 'incorrect'), ...repeat(25, 'abstained')];

test("SimpleQA's numbers of the golden answers", () => {
  const score = attemptedScore(golden);
  assert.equal(score.correct, 0.4);
  assert.ok(agrees(score.correctGivenAttempted, 0.533333));
  assert.ok(agrees(score.f1, 0.457143));
  assert.ok(agrees(thresholdScore(golden, 0.5), 0.05));
  assert.ok(agrees(thresholdScore(golden, 0.75), -0.65));
});

test('nonsense costs what a wrong answer costs, and is counted apart', () => {
  const nonsense = [...repeat(40, 'correct'), ...repeat(35, 'unparseable'), ...repeat(25, 'abstained')];
  assert.equal(attemptedScore(nonsense).f1, attemptedScore(golden).f1);
  assert.equal(thresholdScore(nonsense, 0.75), thresholdScore(golden, 0.75));
  assert.deepEqual(attemptedScore(nonsense).counts, {
    correct: 40,
    incorrect: 0,
    abstained: 25,
    unparseable: 35,
    total: 100,
  });
});

test('abstaining always scores 0 everywhere', () => {
  const { correct, correctGivenAttempted, f1 } = attemptedScore(repeat(3, 'abstained'));
  assert.deepEqual([correct, correctGivenAttempted, f1, thresholdScore(repeat(3, 'abstained'), 0.9)], [0, 0, 0, 0]);
});

test('thresholds and outcomes are checked', () => {
  assert.equal(wrongAnswerReward(0), 0);
  assert.throws(() => wrongAnswerReward(1), { message: 'confidence threshold 1 is not in [0, 1).' });
  assert.throws(() => attemptedScore([]), { message: 'the score of no answers is undefined.' });
  assert.throws(() => attemptedScore(['right' as Outcome]), {
    message: 'outcome "right" is none of correct, incorrect, abstained, unparseable.',
  });
});

const items = (answerable: boolean, ...outcomes: Outcome[]): AnswerabilityItem[] =>
  outcomes.map((outcome) => ({ answerable, outcome }));

test('abstention: every share by hand', () => {
  const score = abstentionScore([
    ...items(true, 'correct', 'correct', 'incorrect', 'unparseable', 'abstained'),
    ...items(false, 'abstained', 'abstained', 'abstained', 'incorrect'),
  ]);
  assert.deepEqual(score, {
    coverage: 0.8,
    overAbstention: 0.2,
    answerableAccuracy: 0.4,
    accuracyWhenAnswering: 0.5,
    abstentionRecall: 0.75,
    abstentionPrecision: 0.75,
    balanced: 0.575,
    answerable: 5,
    unanswerable: 4,
  });
});

test('always abstaining has recall 1, coverage 0, and ½ balanced', () => {
  const score = abstentionScore([...items(true, 'abstained', 'abstained'), ...items(false, 'abstained')]);
  assert.deepEqual(
    [score.abstentionRecall, score.coverage, score.balanced, score.accuracyWhenAnswering],
    [1, 0, 0.5, null],
  );
});

test('without rows of a kind its shares are null', () => {
  const score = abstentionScore(items(true, 'correct'));
  assert.deepEqual([score.abstentionRecall, score.abstentionPrecision, score.balanced], [null, null, null]);
  assert.throws(() => abstentionScore(items(false, 'correct')), {
    message: 'an unanswerable row has the outcome correct.',
  });
});
