import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedbackReport, type JudgedComparison } from './feedback-report.ts';

const judge = (
  annotator: string,
  prompt: string,
  answers: readonly [string, string],
  choice: JudgedComparison['choice'],
): JudgedComparison => ({ annotator, prompt, answers, choice, shownInOrder: true });

test('three annotators: alpha as by hand', () => {
  // Winners of four pairs by three people: aaa, aab, bbb, ab-. Values n = 11, six a and five b.
  // Coincidences of a with b and of b with a: pair 2 gives 2·(2·1)/(3−1) = 2, pair 4 gives 2·(1·1)/(2−1) = 2; Do = 4.
  // De = 2·6·5 = 60. α = 1 − (11 − 1)·4/60 = 1/3.
  const winners = ['aaa', 'aab', 'bbb', 'ab'];
  const comparisons = winners.flatMap((row, i) =>
    [...row].map((winner, person) => {
      // The second person sees the pair the other way round: what counts is the answer, not its place.
      const answers: [string, string] = person === 1 ? ['b', 'a'] : ['a', 'b'];
      return judge(`p${person}`, `q${i}`, answers, answers[0] === winner ? 'first' : 'second');
    }),
  );
  const { agreement, conflicts, pairs, prompts } = feedbackReport(comparisons);
  assert.ok(Math.abs(agreement.alpha! - 1 / 3) < 1e-12, `${agreement.alpha}`);
  assert.deepEqual({ conflicts, pairs, prompts }, { conflicts: 2, pairs: 4, prompts: 4 });
});

test('ties, repeats, changes of mind and circles are counted', () => {
  const report = feedbackReport([
    judge('ann', 'q', ['a', 'b'], 'first'),
    judge('ann', 'q', ['b', 'a'], 'second'), // the same again
    judge('ann', 'q', ['b', 'a'], 'first'), // another mind
    judge('bob', 'q', ['b', 'c'], 'first'),
    judge('bob', 'q', ['c', 'a'], 'first'), // a > b > c > a
    judge('bob', 'r', ['x', 'y'], 'tie'),
  ]);
  const { judgements, pairs, ties, duplicates, conflicts, cycles } = report;
  assert.deepEqual(
    { judgements, pairs, ties, duplicates, conflicts, cycles },
    { judgements: 6, pairs: 4, ties: 1, duplicates: 1, conflicts: 1, cycles: 1 },
  );
  assert.deepEqual(
    report.annotators.map(({ annotator, selfConflicts, ties: own }) => ({ annotator, selfConflicts, own })),
    [
      { annotator: 'ann', selfConflicts: 1, own: 0 },
      { annotator: 'bob', selfConflicts: 0, own: 1 },
    ],
  );
});

test('a planted preference for the first place is flagged, in the one who has it', () => {
  const choices = (annotator: string, firsts: number, n: number) =>
    Array.from({ length: n }, (_, i) =>
      judge(annotator, `${annotator}${i}`, ['a', 'b'], i < firsts ? 'first' : 'second'),
    );
  const { position, annotators } = feedbackReport([...choices('biased', 30, 40), ...choices('fair', 21, 40)]);
  // 30 of 40: Wilson's interval is [.598, .858]; 21 of 40: [.375, .671]
  assert.deepEqual(
    annotators.map(({ annotator, biased, firstShare }) => ({ annotator, biased, firstShare })),
    [
      { annotator: 'biased', biased: true, firstShare: 0.75 },
      { annotator: 'fair', biased: false, firstShare: 0.525 },
    ],
  );
  assert.equal(position.n, 80);
});

test('an export of chosen and rejected says nothing of places: no bias is found in it', () => {
  const rows = Array.from({ length: 50 }, (_, i) => ({
    ...judge('', `${i}`, ['a', 'b'], 'first'),
    shownInOrder: false,
  }));
  assert.deepEqual(feedbackReport(rows).position, { n: 0, firstShare: null, interval: null, biased: false });
});
