import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepSource, TokenRow } from '../../data/types.ts';
import type { EncodedItem, EncodedWindow, ForgettingData } from './encode.ts';
import { planForgetting, trainingTokens } from './plan.ts';

const window = (document: number): EncodedWindow => ({ document, bytes: 400, tokens: 100, queries: [], cost: 100 });
const item = (line: number): EncodedItem => ({ line, choices: [], gold: 0, cost: 10 });
const file = (name: string) => ({ file: name, sha256: name });
const text = (count: number, unknownShare = 0) => ({
  ...file('text'),
  unknownShare,
  parts: Array.from({ length: count }, (_, i) => window(i + 1)),
});
const suite = (count: number) => ({ ...file('suite'), parts: Array.from({ length: count }, (_, i) => item(i + 1)) });

const plan = (data: Partial<ForgettingData>, tokens: number, init: 'pretrained' | 'random' = 'pretrained') =>
  planForgetting({ text: null, suite: null, ...data }, { trainingTokens: tokens, init });

test('both measurements stay within 5 % of the run, a training token costing three forward passes', () => {
  // 40,000 tokens cost 120,000 passes; 5 % of them are 6,000, and each of two measurements has 3,000: 30 windows.
  const { windows, cost, status, why } = plan({ text: text(200) }, 40_000);
  assert.deepEqual([windows.length, status, why], [30, 'measured', null]);
  assert.deepEqual(cost, { trainingTokens: 40_000, measuredTokens: 3000, share: 0.05 });
  assert.equal(plan({ text: text(200) }, 39_999).windows.length, 29);
  assert.equal(plan({ text: text(20) }, 40_000).windows.length, 20);
});

test('what a shorter run measures is a part of what a longer one does', () => {
  const documents = (tokens: number) => plan({ text: text(200) }, tokens).windows.map(({ document }) => document);
  assert.deepEqual(documents(80_000).slice(0, 30), documents(40_000));
  assert.equal(new Set(documents(10_000_000)).size, 200);
});

test('text and suite have half each, and what one leaves goes to the other', () => {
  const counts = (windows: number, items: number) => {
    const { windows: w, items: i } = plan({ text: text(windows), suite: suite(items) }, 40_000);
    return [w.length, i.length];
  };
  assert.deepEqual(counts(200, 1000), [15, 150]);
  assert.deepEqual(counts(200, 50), [25, 50]);
  assert.deepEqual(counts(12, 1000), [12, 180]);
});

test('a run too short to measure ten windows says so, with its numbers', () => {
  const short = plan({ text: text(200) }, 3200);
  assert.deepEqual([short.status, short.windows.length, short.cost.measuredTokens], ['underpowered', 0, 0]);
  assert.equal(
    short.why,
    'the run trains 3,200 tokens; 5 % of its arithmetic measures 2 windows of text, and 10 are the least that tell anything.',
  );
  const half = plan({ text: text(200), suite: suite(100) }, 12_000);
  assert.deepEqual([half.status, half.windows.length, half.items.length], ['measured', 0, 45]);
  assert.match(half.why!, /measures 4 windows of text, and 10/);
  assert.match(plan({ text: text(200), suite: suite(100) }, 1000).why!, /measures 0 windows of text and 3 questions/);
});

test('random weights and a text in another language are nothing to compare, and that is said', () => {
  const random = plan({ text: text(200) }, 40_000, 'random');
  assert.deepEqual([random.status, random.why], ['skipped', 'the run begins with random weights, which know nothing.']);
  const foreign = plan({ text: text(200, 0.93) }, 40_000);
  assert.deepEqual(
    [foreign.status, foreign.why],
    ['skipped', 'the tokenizer does not know 93 % of the words of text.'],
  );
  const both = plan({ text: text(200, 0.93), suite: suite(100) }, 40_000);
  assert.deepEqual([both.status, both.windows.length, both.items.length, both.why], ['measured', 0, 100, foreign.why]);
});

test('the length of a run comes from sixteen steps over the first epoch', () => {
  const asked: number[] = [];
  const source: StepSource = {
    stepsPerEpoch: 32,
    packs(step) {
      asked.push(step);
      const row: TokenRow = {
        tokens: new Int32Array(10 + step),
        weights: new Float32Array(10 + step),
        origin: { file: 'rows', line: step },
      };
      return [[row], [row]];
    },
  };
  // The even steps 0 … 30 have 2 · (10 + 15) tokens on average.
  assert.equal(trainingTokens(source, 1000), 50_000);
  assert.deepEqual(
    asked,
    Array.from({ length: 16 }, (_, i) => 2 * i),
  );
  asked.length = 0;
  assert.equal(trainingTokens(source, 3), 66);
  assert.deepEqual(asked, [0, 1, 2]);
});
