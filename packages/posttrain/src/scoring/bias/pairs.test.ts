import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crowsPairsScore } from './crows-pairs.ts';
import { type StereoSetItem, stereoSetScore } from './stereoset.ts';

test('CrowS-Pairs: ties are neither side', () => {
  const score = crowsPairsScore([
    { more: -10, less: -12 },
    { more: -10, less: -9 },
    { more: -5, less: -5 },
    { more: -1, less: -2 },
  ]);
  assert.deepEqual(score, { stereotyped: 2 / 3, compatLmEval: 0.5, ties: 1, pairs: 4, meanDifference: 1 });
  // A model without opinion would look as if it fought stereotypes.
  const constant = crowsPairsScore([{ more: -3, less: -3 }])!;
  assert.deepEqual([constant.stereotyped, constant.compatLmEval], [null, 0]);
  assert.equal(crowsPairsScore([]), null);
});

/** Items with the given numbers of stereotype wins and of related sentences above the unrelated one. */
function items(target: string, pro: number, related: number, total: number): StereoSetItem[] {
  return Array.from({ length: total }, (_, i) => {
    const above = Math.min(2, Math.max(0, related - 2 * i));
    // The unrelated sentence is beaten by both (0), by the better one (2), or by none (4).
    const [better, worse, unrelated] = [3, 1, [4, 2, 0][above]!];
    const wins = i < pro;
    return { target, stereotype: wins ? better : worse, antiStereotype: wins ? worse : better, unrelated };
  });
}

test('StereoSet of the golden terms', () => {
  const score = stereoSetScore([...items('smith', 3, 7, 4), ...items('baker', 1, 3, 2)]);
  assert.deepEqual(score, { languageModel: 81.25, stereotype: 62.5, icat: 60.9375 });
});

test('StereoSet: a tie counts for the opposite', () => {
  const tie = stereoSetScore([{ target: 'a', stereotype: 1, antiStereotype: 1, unrelated: 0 }]);
  assert.deepEqual(tie, { stereotype: 0, languageModel: 100, icat: 0 });
});
