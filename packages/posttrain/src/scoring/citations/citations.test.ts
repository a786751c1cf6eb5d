import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { alceCitations } from './alce.ts';
import { authorityOf, authorityShare } from './authority.ts';
import { parseCitations } from './parse.ts';
import { scoreCitations } from './score.ts';
import { splitSentences } from './sentences.ts';
import { lexicalOverlap, lexicalSupport, oracleSupport, verbatimSupport } from './support.ts';

const sources = ['Olo lives in Tarn', 'Olo is a smith', 'Mara is a baker'];
const oracle = oracleSupport((premise, claim) =>
  claim
    .replace(/[.,]/g, '')
    .replace(/ \d+$/, '')
    .split(' and ')
    .every((fact) => premise.includes(fact)),
);

/** Answer; recall and precision of the reference in percent; native recall, precision, F1, validity. */
const table: readonly [string, [number, number] | null, [number, number, number, number]][] = [
  ['Olo lives in Tarn [1]. Olo is a smith [2].', [100, 100], [1, 1, 1, 1]],
  ['Olo lives in Tarn [1][3].', [100, 50], [1, 0.5, 2 / 3, 1]],
  ['Olo lives in Tarn and Olo is a smith [1][2][3].', [100, 200 / 3], [1, 2 / 3, 0.8, 1]],
  ['Olo lives in Tarn [2].', [0, 0], [0, 0, 0, 1]],
  ['Olo lives in Tarn. Olo is a smith [2].', [50, 100], [0.5, 1, 2 / 3, 1]],
  ['Olo lives in Tarn [7]. Olo is a smith [2].', [50, 100], [0.5, 0.5, 0.5, 0.5]],
  ['Olo lives in Tarn [1][7]. Olo is a smith [2].', [50, 100], [1, 2 / 3, 0.8, 2 / 3]],
  ['Mara is a baker [0].', [100, 100], [0, 0, 0, 0]],
  ['Olo lives in Tarn [1][1].', [100, 100], [1, 0.5, 2 / 3, 1]],
  ['Olo lives in Tarn [1, 2].', [100, 100], [1, 0.5, 2 / 3, 1]],
];

for (const [answer, reference, native] of table)
  test(`citations of ${answer}`, async () => {
    const score = await scoreCitations(answer, sources, oracle);
    [score.recall, score.precision, score.f1, score.validity].forEach((value, i) => {
      assert.ok(agrees(value, native[i]!), `native ${i}: ${value}`);
    });
    const documents = sources.map((text, i) => ({ title: `Page ${i}`, text }));
    const alce = await alceCitations(splitSentences(answer), documents, oracle);
    assert.ok(agrees(alce.recall, reference![0]) && agrees(alce.precision, reference![1]), JSON.stringify(alce));
  });

test('an empty answer has recall 0 and no precision', async () => {
  const { recall, precision, f1, validity, coverage } = await scoreCitations('', sources, oracle);
  assert.deepEqual([recall, precision, f1, validity, coverage], [0, null, 0, null, 0]);
});

test('citing everything costs precision, citing nothing recall, copying a source neither', async () => {
  const everything = await scoreCitations('Olo lives in Tarn [1][2][3].', sources, oracle);
  assert.ok(agrees(everything.precision, 1 / 3));
  assert.equal((await scoreCitations('Olo lives in Tarn.', sources, oracle)).f1, 0);
  assert.equal((await scoreCitations('Mara is a baker [3].', sources, oracle)).f1, 1);
});

test('one number too many in another sentence does not hide: coverage, malformed and late citations are counted', async () => {
  const score = await scoreCitations('Olo lives in Tarn. [1] Olo is a smith [source 2].', sources, oracle);
  assert.deepEqual([score.coverage, score.malformed, score.afterStop, score.citations], [0.5, 1, 1, 1]);
  assert.deepEqual(score.supporting, [1]);
  assert.equal(score.support, 'support.oracle');
});

test('an aborted signal stops the asking', async () => {
  await assert.rejects(scoreCitations('Olo [1].', sources, oracle, AbortSignal.abort(new Error('enough'))), /enough/);
});

test('the reference considers three citations at most, the native score all', async () => {
  const answer = ['Mara is a baker [1][2][1][3].'];
  const documents = sources.map((text) => ({ title: '', text }));
  assert.equal((await alceCitations(answer, documents, oracle)).recall, 0);
  assert.equal((await alceCitations(answer, documents, oracle, 4)).recall, 100);
  assert.equal((await scoreCitations(answer, sources, oracle)).recall, 1);
});

test('accepted styles are [n], [n][m] and [n, m]', () => {
  const [sentence] = parseCitations('It is so [1] [ 2 , 3 ][4], not [1-2] nor (5) nor [^6].');
  assert.deepEqual(
    sentence!.citations.map(({ id }) => id),
    [1, 2, 3, 4],
  );
  assert.equal(sentence!.malformed, 2);
  assert.equal(sentence!.text, 'It is so, not [1-2] nor (5) nor [^6].');
});

test('support.lexical on the golden pairs, its known mistakes among them', () => {
  const premise = 'Olo Vek has lived in Tarn since 1741.';
  const golden: readonly [string, string, number, boolean, boolean, boolean][] = [
    [premise, 'Olo Vek lived in Tarn', 1, true, true, true],
    [premise, 'Olo Vek lived in Tarn since 1742', 0.8333, false, true, false],
    ['Olo Vek has never lived in Tarn.', 'Olo Vek lived in Tarn', 1, true, false, false],
    ['Tarn lived in Olo Vek.', 'Olo Vek lived in Tarn', 1, true, true, true],
    ['The fine is 90 marks.', 'The fine is ninety marks', 0.6667, true, true, false],
  ];
  for (const [from, claim, coverage, numbers, negation, supported] of golden) {
    const overlap = lexicalOverlap(from, claim);
    assert.ok(agrees(overlap.coverage, coverage, 4), claim);
    assert.deepEqual([overlap.numbersAgree, overlap.negationAgrees], [numbers, negation], claim);
    assert.equal(lexicalSupport.supports(from, claim), supported, claim);
  }
  const page = 'Nobody knows the mayor. Olo Vek has lived in Tarn since 1741. He never left.';
  assert.equal(lexicalSupport.supports(page, 'Olo Vek lived in Tarn'), true, 'another sentence denies something else');
  assert.equal(lexicalSupport.supports(page, 'Olo Vek never lived in Tarn'), false);
  assert.equal(lexicalSupport.supports(page, 'Nobody knows the mayor'), true);
  assert.equal(lexicalSupport.caveat, 'lexical overlap, not entailment');
  assert.equal(lexicalSupport.supports(premise, 'it was'), false, 'a claim of stop words claims nothing');
  assert.equal(verbatimSupport.supports(premise, 'has lived in Tarn'), true);
  assert.equal(verbatimSupport.supports(premise, 'lived in Tar'), false);
  assert.equal(verbatimSupport.supports(premise, ' '), false);
});

test('authority: the trusted side alone earns it', () => {
  const ranked = [{ rank: 2 }, { rank: 1 }, { rank: 1 }, { rank: 3 }];
  const of = (cited: number[], supported = true, conflicting = [1, 2]) =>
    authorityOf({ conflicting, sources: ranked, supported, cited });
  assert.equal(of([2]), 1);
  assert.equal(of([1]), 0);
  assert.equal(of([1, 2]), 0);
  assert.equal(of([4]), 0);
  assert.equal(of([2, 4]), 1, 'a source outside the conflict is no matter');
  assert.equal(of([2], false), null);
  assert.equal(of([2], true, [2, 3]), null, 'equals do not outrank each other');
  assert.equal(authorityShare([1, 0, null, 1]), 2 / 3);
  assert.equal(authorityShare([null]), null);
});
