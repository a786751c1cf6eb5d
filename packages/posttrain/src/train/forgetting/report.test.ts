import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedItem, EncodedWindow, ForgettingData } from './encode.ts';
import type { Measurement } from './measure.ts';
import type { ForgettingPlan } from './plan.ts';
import { forgettingRecord } from './report.ts';

/** Twelve documents of 8 and 24 bytes in turn, 4 tokens each, and ten questions. */
const windows = Array.from({ length: 12 }, (_, i): EncodedWindow => {
  return { document: i + 1, bytes: i % 2 === 0 ? 8 : 24, tokens: 4, queries: [], cost: 4 };
});
const items = Array.from({ length: 10 }, (_, i): EncodedItem => ({ line: i + 1, choices: [], gold: 0, cost: 2 }));
const data: ForgettingData = {
  text: { file: '/t.jsonl', sha256: 't', parts: windows, unknownShare: 0 },
  suite: { file: '/s.jsonl', sha256: 's', parts: items },
};
const cost = { trainingTokens: 1000, measuredTokens: 68, share: 0.045 };
const plan: ForgettingPlan = { windows, items, cost, status: 'measured', why: null };
const measurement = (nats: (i: number) => number, right: (i: number) => boolean, logp = -1): Measurement => ({
  text: windows.map((_, i) => nats(i)),
  suite: { right: items.map((_, i) => right(i)), logp: items.map(() => logp) },
});
const record = (before: Measurement, after: Measurement | null, change: Partial<ForgettingPlan> = {}) =>
  forgettingRecord({ data, plan: { ...plan, ...change }, precision: 'fp32', before, after });

const near = (actual: number | null | undefined, expected: number) =>
  assert.ok(Math.abs(actual! - expected) < 1e-12, `${actual}, expected ${expected}`);

test('bits per byte are a ratio of sums, and the change of log-probability is their nats by token', () => {
  // 12 bits a window over 16 bytes a window; afterwards 4 and 28 bits more in turn: 16 a window.
  const before = measurement(
    () => 12 * Math.LN2,
    () => true,
  );
  const after = measurement(
    (i) => (i % 2 === 0 ? 16 : 40) * Math.LN2,
    () => true,
  );
  const { text, status } = record(before, after);
  assert.equal(status, 'measured');
  near(text!.before, 12 / 16);
  near(text!.after, 28 / 16);
  near(text!.difference!.value, 1);
  near(text!.logProbability, -4 * Math.LN2);
  assert.deepEqual([text!.bytes, text!.tokens, text!.windows, text!.clusteredBy], [192, 48, 12, 'document']);
  assert.equal(text!.verdict, 'regressed');
  const { low, high } = text!.difference!.interval!;
  assert.ok(low < 1 && high > 1 && low > 0.5 && high < 1.2, `[${low}, ${high}]`);
});

test('a text that became likelier is improved; one that is as likely as before, to the bit, is equivalent', () => {
  const before = measurement(
    (i) => 12 + i,
    () => true,
  );
  assert.equal(
    record(
      before,
      measurement(
        (i) => 10 + i,
        () => true,
      ),
    ).text!.verdict,
    'improved',
  );
  const same = record(before, before);
  assert.deepEqual(same.text!.difference, { value: 0, standardError: 0, interval: { low: 0, high: 0 }, p: 1 });
  assert.equal(same.text!.verdict, 'equivalent');
  // Ten questions are too few to prove equality from right and wrong, but not one probability changed.
  assert.equal(same.suite!.verdict, 'equivalent');
  assert.equal(
    record(
      before,
      measurement(
        (i) => 12 + i,
        () => true,
        -2,
      ),
    ).suite!.verdict,
    'inconclusive',
  );
});

test('questions are compared by the exact test, and both rows by Holm', () => {
  const before = measurement(
    () => 1,
    () => true,
  );
  const after = measurement(
    () => 1,
    (i) => i >= 8,
  );
  const { suite } = record(before, after);
  assert.deepEqual([suite!.before, suite!.after, suite!.fixed, suite!.broken], [1, 0.2, 0, 8]);
  // 2 · 2⁻⁸ alone, twice that beside the text's row, whose p is 1.
  near(suite!.difference!.p, 2 / 256);
  assert.match(suite!.why!, /p 0\.0156$/);
  assert.equal(suite!.verdict, 'regressed');
});

test('few documents leave the windows as clusters, and the report says so', () => {
  const one = windows.map((window) => ({ ...window, document: 1 }));
  const { text } = record(
    measurement(
      () => 1,
      () => true,
    ),
    measurement(
      (i) => 1 + i,
      () => true,
    ),
    { windows: one },
  );
  assert.deepEqual([text!.documents, text!.clusteredBy], [1, 'window']);
  assert.ok(text!.difference!.interval !== null);
});

test('likelihoods that are no numbers make a verdict of invalid, and no figure', () => {
  const before = measurement(
    () => 1,
    () => true,
  );
  const { text, suite } = record(
    before,
    measurement(
      (i) => (i < 5 ? Number.NaN : 1),
      () => false,
      Number.NaN,
    ),
  );
  assert.deepEqual([text!.after, text!.difference, text!.verdict], [null, null, 'invalid']);
  assert.equal(text!.why, '5 of 24 likelihoods are no finite numbers');
  assert.deepEqual([suite!.difference, suite!.verdict], [null, 'invalid']);
});

test('before the end a record holds the first measurement alone', () => {
  const { status, text, suite, measured } = record(
    measurement(
      () => 1,
      (i) => i < 5,
    ),
    null,
  );
  assert.equal(status, 'begun');
  assert.deepEqual([text!.after, text!.difference, text!.verdict, suite!.before], [null, null, null, 0.5]);
  assert.equal(measured.text!.before.length, 12);
  assert.deepEqual([measured.text!.after, measured.suite!.after], [null, null]);
});
