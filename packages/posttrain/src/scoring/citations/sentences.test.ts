import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitSentences } from './sentences.ts';

const cases: readonly [string, string[]][] = [
  ['Olo lives in Tarn [1]. Olo is a smith [2].', ['Olo lives in Tarn [1].', 'Olo is a smith [2].']],
  ['It is so. [1] Then [2].', ['It is so. [1]', 'Then [2].']],
  ['keten year 1724 [2] . olo lives in tarn .', ['keten year 1724 [2] .', 'olo lives in tarn .']],
  ['Dr. Vek met J. Smith at 3 p.m. on Monday.', ['Dr. Vek met J. Smith at 3 p.m. on Monday.']],
  ['She moved to the U.S. Army base.', ['She moved to the U.S. Army base.']],
  ['It cost 3.50. It rose to v1.2 then.', ['It cost 3.50.', 'It rose to v1.2 then.']],
  ['1. One thing\n2. Another.', ['1. One thing', '2. Another.']],
  ['"Why?" he asked. "So!" Then he left…', ['"Why?" he asked.', '"So!"', 'Then he left…']],
  ['One\n\nTwo', ['One', 'Two']],
  ['Claim one.\n[1][2]', ['Claim one. [1][2]']],
  ['[1]\nClaim one.', ['[1] Claim one.']],
  ['[1] [2]', []],
  ['  ', []],
  ['No stop at the end', ['No stop at the end']],
  ['Really?! Yes.', ['Really?!', 'Yes.']],
  ['cited [1]. and more', ['cited [1].', 'and more']],
];

for (const [text, sentences] of cases)
  test(`sentences of ${JSON.stringify(text)}`, () => assert.deepEqual(splitSentences(text), sentences));

test('no character but white space is lost', () => {
  for (const [text, sentences] of cases.filter(([, cut]) => cut.length > 0))
    assert.equal(sentences.join('').replace(/\s/g, ''), text.replace(/\s/g, ''));
});
