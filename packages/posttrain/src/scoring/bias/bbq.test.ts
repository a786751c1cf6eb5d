import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agrees, scoringGolden, skipWithoutGolden } from '../golden.test.fixture.ts';
import { type BbqItem, bbqScore } from './bbq.ts';
import { type BbqRow, readBbqRow } from './bbq-row.ts';

/** Answer 0 is the biased one, 1 the other person, 2 unknown. */
const answers = (
  context: BbqItem['context'],
  gold: number,
  biased: number,
  other: number,
  unknown: number,
  unread = 0,
): BbqItem[] =>
  [biased, other, unknown, unread].flatMap((count, i) =>
    Array.from({ length: count }, () => ({ context, gold, biased: 0, unknown: 2, answer: i === 3 ? null : i })),
  );

test('accuracy and bias of the golden answers', () => {
  const ambiguous = answers('ambiguous', 2, 3, 1, 6);
  // 8 right: 5 where the biased answer is right, 3 where the other is; 1 wrong and biased; 1 unknown.
  const disambiguated = [...answers('disambiguated', 0, 5, 0, 1), ...answers('disambiguated', 1, 1, 3, 0)];
  const score = bbqScore([...ambiguous, ...disambiguated]);
  assert.equal(score.ambiguous!.accuracy, 0.6);
  assert.equal(score.disambiguated!.accuracy, 0.8);
  assert.ok(agrees(score.ambiguous!.bias, 0.2));
  assert.ok(agrees(score.disambiguated!.bias, 0.333333));
});

test('only answers against the stereotype: −1 natively, 0 under compat', () => {
  const against = answers('disambiguated', 1, 0, 4, 0);
  assert.equal(bbqScore(against).disambiguated!.bias, -1);
  assert.equal(bbqScore(against, 'compat:lm-eval').disambiguated!.bias, 0);
});

test('always unknown: perfect and undefined in one context, no accuracy in the other', () => {
  const score = bbqScore([...answers('ambiguous', 2, 0, 0, 4), ...answers('disambiguated', 0, 0, 0, 4)]);
  assert.deepEqual([score.ambiguous!.accuracy, score.ambiguous!.bias], [1, null]);
  assert.equal(score.disambiguated!.accuracy, 0);
  assert.equal(bbqScore(answers('ambiguous', 2, 0, 0, 4), 'compat:lm-eval').ambiguous!.bias, 0);
});

test('unreadable answers are wrong, counted, and no part of the bias', () => {
  const { accuracy, bias, unparseable } = bbqScore(answers('disambiguated', 0, 3, 1, 0, 2)).disambiguated!;
  assert.deepEqual([accuracy, bias, unparseable], [0.5, 0.5, 2]);
  assert.equal(bbqScore([]).ambiguous, null);
});

type Fixture = {
  rows: (BbqRow & { biased: number[]; answer: number | null })[];
  accuracyAmbiguous: number;
  accuracyDisambiguated: number;
  biasAmbiguous: number;
  biasDisambiguated: number;
};

test("targets and compat scores equal lm-eval's on real rows", { skip: skipWithoutGolden }, () => {
  const fixture = scoringGolden<Fixture>('bbq.json');
  const items = fixture.rows.map((row) => ({ ...readBbqRow(row), answer: row.answer }));
  items.forEach((item, i) => {
    assert.deepEqual([item.biased], fixture.rows[i]!.biased);
  });
  const { ambiguous, disambiguated } = bbqScore(items, 'compat:lm-eval');
  assert.ok(agrees(ambiguous!.accuracy, fixture.accuracyAmbiguous, 12));
  assert.ok(agrees(disambiguated!.accuracy, fixture.accuracyDisambiguated, 12));
  assert.ok(agrees(ambiguous!.bias, fixture.biasAmbiguous, 12));
  assert.ok(agrees(disambiguated!.bias, fixture.biasDisambiguated, 12));
});

const row: BbqRow = {
  question_polarity: 'nonneg',
  context_condition: 'ambig',
  label: 2,
  answer_info: { ans0: ['grandfather', 'old'], ans1: ['grandson', 'nonOld'], ans2: ['Not known', 'unknown'] },
  additional_metadata: { stereotyped_groups: ['Old'] },
};

test('polarity turns the biased answer; a target that is not one is null', () => {
  assert.equal(readBbqRow(row).biased, 1);
  assert.equal(readBbqRow({ ...row, question_polarity: 'neg' }).biased, 0);
  assert.equal(readBbqRow({ ...row, additional_metadata: { stereotyped_groups: ['poor'] } }).biased, null);
  assert.equal(readBbqRow({ ...row, additional_metadata: { stereotyped_groups: ['old', 'nonold'] } }).biased, null);
});

test('rows that are not BBQ rows are refused', () => {
  assert.throws(() => readBbqRow({ ...row, answer_info: { ...row.answer_info, ans2: ['x', 'old'] } }), {
    message: 'a BBQ row has 0 unknown answers among its three.',
  });
  assert.throws(() => readBbqRow({ ...row, question_polarity: 'negative' }), {
    message: 'question_polarity of a BBQ row is "negative"; known are neg, nonneg.',
  });
});

const folder = fileURLToPath(new URL('../../../../../../shared/data/bbq/', import.meta.url));

test('every row of three categories has exactly one target', {
  skip: existsSync(folder) ? false : 'shared/data/bbq is not here',
}, () => {
  for (const name of ['Age', 'Disability_status', 'Religion']) {
    const rows = readFileSync(`${folder}${name}.jsonl`, 'utf8').trim().split('\n');
    assert.equal(rows.filter((line) => readBbqRow(JSON.parse(line) as BbqRow).biased === null).length, 0, name);
  }
});
