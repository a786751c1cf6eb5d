import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForgettingReport } from '../runs/index.ts';
import { forgettingFacts } from './forgetting-facts.ts';

const facts = { file: '/f', sha256: 'f', margin: 0.01, why: 'p 0.01' };
const text = {
  ...facts,
  name: 'bits per byte of neutral text',
  unit: 'number',
  before: 1.2,
  after: 1.25,
  difference: { value: 0.05, standardError: 0.01, interval: { low: 0.03, high: 0.07 }, p: 0.01 },
  verdict: 'inconclusive',
  windows: 88,
  windowsInFile: 88,
  documents: 88,
  clusteredBy: 'document',
  bytes: 65_000,
  tokens: 16_000,
  logProbability: -0.1,
} as const;
const suite = {
  ...facts,
  name: 'questions of the general suite',
  unit: 'share',
  before: 0.95,
  after: 0.9,
  difference: { value: -0.05, standardError: 0.02, interval: { low: -0.09, high: -0.01 }, p: 0.02 },
  verdict: 'regressed',
  questions: 200,
  questionsInFile: 200,
  fixed: 2,
  broken: 12,
} as const;
const report: ForgettingReport = {
  version: 1,
  status: 'measured',
  why: null,
  precision: 'fp32',
  cost: { trainingTokens: 1_000_000, measuredTokens: 20_000, share: 0.0133 },
  text,
  suite,
};

test('what regressed stands first, each with its figures, interval and counts', () => {
  assert.deepEqual(forgettingFacts(report), [
    [
      'forgetting',
      'regressed: 95.0 → 90.0 % of 200 general questions, −5.0 [−9.0, −1.0] points, 2 fixed and 12 broken',
    ],
    ['', 'inconclusive: 1.2000 → 1.2500 bits per byte of neutral text, +0.0500 [+0.0300, +0.0700], 88 windows'],
  ]);
});

test('a shorter arithmetic is named, and so is what was left out', () => {
  const [only, left] = forgettingFacts({ ...report, precision: 'bf16', suite: null, why: 'the run trains 9 tokens.' });
  assert.match(only![1], /, 88 windows, in bf16$/);
  assert.deepEqual(left, ['', 'left out: the run trains 9 tokens.']);
});

test('nothing measured is said with its reason, and nothing asked for is no line', () => {
  const none = { ...report, text: null, suite: null };
  assert.deepEqual(forgettingFacts({ ...none, status: 'underpowered', why: 'the run trains 9 tokens.' }), [
    ['forgetting', 'not measured (underpowered): the run trains 9 tokens.'],
  ]);
  assert.deepEqual(forgettingFacts({ ...none, status: 'begun' }), [
    ['forgetting', 'measured before the first step, and not yet after the last'],
  ]);
  assert.deepEqual(forgettingFacts(null), []);
});
