import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preference } from './both-orders.ts';
import { judgeAgreement } from './judge-agreement.ts';
import { judgePosition } from './judge-position.ts';

const times = (count: number, people: Preference, judge: Preference) =>
  Array.from({ length: count }, () => ({ people, judge }));
const options = { seed: 1, name: 'test' } as const;

test('α and accuracy of a judge, by hand', () => {
  // 60 pairs: 20 a–a, 20 b–b, 5 a–b, 5 b–a, 10 a–tie.
  const pairs = [
    ...times(20, 'a', 'a'),
    ...times(20, 'b', 'b'),
    ...times(5, 'a', 'b'),
    ...times(5, 'b', 'a'),
    ...times(10, 'a', 'tie'),
  ];
  const found = judgeAgreement(pairs, options);
  // In both directions 240 values, of which 20 tie and 110 of each answer. Coincidences off the diagonal: 2 · 2 · (5 + 5 + 10) = 80.
  // Σ n_c n_k = 2 (110 · 110 + 2 · 110 · 20) = 33000. α = 1 − 239 · 80 / 33000.
  assert.ok(Math.abs(found.alpha! - (1 - (239 * 80) / 33000)) < 1e-12);
  const swap = (said: Preference): Preference => (said === 'a' ? 'b' : said === 'b' ? 'a' : said);
  const renamed = pairs.map((pair, i) => (i % 3 ? pair : { people: swap(pair.people), judge: swap(pair.judge) }));
  assert.ok(Math.abs(judgeAgreement(renamed, options).alpha! - found.alpha!) < 1e-12, 'names mean nothing');
  assert.equal(found.accuracy, 40 / 50);
  assert.deepEqual([found.n, found.missing, found.decided], [60, 0, 50]);
  // Wilson for 40 of 50: (0.8 + z²/100 ± z √(0.16/50 + z²/10000)) / (1 + z²/50), z = 1.96 → [0.6696, 0.8876].
  assert.ok(Math.abs(found.accuracyInterval!.low - 0.6696) < 1e-4);
  assert.ok(Math.abs(found.accuracyInterval!.high - 0.8876) < 1e-4);
  assert.ok(found.alphaInterval!.low < found.alpha! && found.alpha! < found.alphaInterval!.high);
});

test('49 pairs measure nothing, and a missing verdict is none', () => {
  const few = judgeAgreement([...times(49, 'a', 'a'), ...times(30, 'b', null)], options);
  assert.deepEqual([few.n, few.missing, few.alpha, few.accuracy], [49, 30, null, null]);
  assert.equal(few.unmeasured, '49 pairs with a label by people and a verdict; 50 or more measure a judge');
  const enough = judgeAgreement([...times(25, 'a', 'a'), ...times(25, 'b', 'b')], options);
  assert.deepEqual([enough.unmeasured, enough.alpha, enough.accuracy], [null, 1, 1]);
});

test('a favourite place is told from changing one’s mind', () => {
  const verdicts = (count: number, aFirst: Preference, bFirst: Preference) =>
    Array.from({ length: count }, () => ({ aFirst, bFirst }));
  const biased = judgePosition([...verdicts(10, 'a', 'b'), ...verdicts(10, 'a', 'a')]);
  assert.deepEqual([biased.flips, biased.firstTwice, biased.flipRate, biased.firstShare], [10, 10, 0.5, 1]);
  assert.equal(biased.biased, true);
  assert.equal(judgePosition(verdicts(10, 'b', 'a')).biased, true, 'the second place too');
  const undecided = judgePosition([...verdicts(10, 'a', 'b'), ...verdicts(10, 'b', 'a'), ...verdicts(5, 'a', 'tie')]);
  assert.deepEqual([undecided.flips, undecided.firstShare, undecided.biased], [25, 0.5, false]);
  // 3 of 3 say little: Wilson's interval for it begins at 0.44.
  assert.equal(judgePosition(verdicts(3, 'a', 'b')).biased, false);
  assert.deepEqual(judgePosition([{ aFirst: 'a', bFirst: null }]).n, 0);
});
