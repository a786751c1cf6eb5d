import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { followsAll, ifevalAccuracy } from './accuracy.ts';
import { ifevalVerifiers, readInstructions, verifyInstructions } from './instructions.ts';

const verify = (text: string, ...pairs: readonly [string, Record<string, unknown>][]) =>
  verifyInstructions(
    readInstructions({ instruction_id_list: pairs.map(([id]) => id), kwargs: pairs.map(([, kwargs]) => kwargs) }),
    text,
  );

/** Instruction, response, strict, loose: the table of the specification. */
const table: readonly [string, Record<string, unknown>, string, boolean, boolean][] = [
  ['detectable_format:number_bullet_lists', { num_bullets: 2 }, '- one\n* two\n**bold** line', true, true],
  ['detectable_format:number_highlighted_sections', { num_highlights: 1 }, 'a **b** c', true, true],
  ['keywords:frequency', { keyword: 'cat', frequency: 2, relation: 'at least' }, 'concatenate the Cat', true, true],
  ['keywords:forbidden_words', { forbidden_words: ['cat'] }, 'concatenate', true, true],
  ['startend:quotation', {}, '*"hi"*', false, true],
  ['startend:end_checker', { end_phrase: 'Any other questions?' }, 'Done. Any other questions?"', true, true],
  ['detectable_format:title', {}, '<<a title>>\nx', true, true],
  ['detectable_format:title', {}, '<< >>\nx', false, false],
  ['detectable_format:json_format', {}, '```json\n{"a": 1}\n```', true, true],
  ['length_constraints:number_paragraphs', { num_paragraphs: 2 }, '***\none\n***\ntwo\n***', true, true],
  ['keywords:letter_frequency', { letter: 'a', let_frequency: 3, let_relation: 'less than' }, 'Banana', false, false],
  ['combination:two_responses', {}, 'a\n******\na', false, false],
  ['detectable_content:postscript', { postscript_marker: 'P.P.S' }, 'x\nP. P. S. hello', true, true],
  ['detectable_format:constrained_response', {}, 'Well, My answer is no. ok', true, true],
  ['punctuation:no_comma', {}, '   ', false, false],
];

for (const [id, kwargs, text, strict, loose] of table)
  test(`${id} on ${JSON.stringify(text)}`, () => {
    const result = verify(text, [id, kwargs]);
    assert.deepEqual([result.strict, result.loose], [[strict], [loose]]);
  });

test('loose forgives a first line, per instruction and not per variant', () => {
  const text = 'Sure, here it is:\nolo lives in tarn today\nHope this helps!';
  const words = { num_words: 5, relation: 'at least' };
  const result = verify(text, ['punctuation:no_comma', {}], ['length_constraints:number_words', words]);
  assert.deepEqual(result.strict, [false, true]);
  assert.deepEqual(result.loose, [true, true]);
});

test('a prompt is followed when all of its instructions are, and open where one that is not false is unknown', () => {
  assert.deepEqual(
    [followsAll([true, true]), followsAll([true, false]), followsAll([false, null])],
    [true, false, false],
  );
  assert.deepEqual([followsAll([true, null]), followsAll([null])], [null, null]);
});

test('25 verifiers are registered', () => assert.equal(ifevalVerifiers.size, 25));

function failure(id: string, kwargs: Record<string, unknown>): string {
  try {
    verify('x', [id, kwargs]);
  } catch (error) {
    if (PosttrainError.is(error)) return error.format();
  }
  return 'no error';
}

test('missing, empty, stray and wrong arguments are refused, never drawn at random', () => {
  assert.match(
    failure('length_constraints:number_words', { num_words: 5 }),
    /number_words lacks its argument "relation"\./,
  );
  assert.match(
    failure('length_constraints:number_words', { num_words: null, relation: 'at least' }),
    /lacks its argument "num_words"/,
  );
  assert.match(failure('keywords:existence', { keywords: [] }), /keywords is \[\], not a list of texts\./);
  assert.match(failure('startend:end_checker', { end_phrase: ' ' }), /end_phrase is " ", not a text\./);
  assert.match(
    failure('keywords:letter_frequency', { letter: '!', let_frequency: 1, let_relation: 'at least' }),
    /letter is "!", not one letter a–z\./,
  );
  assert.match(
    failure('length_constraints:number_words', { num_words: 5, relation: 'at leest' }),
    /known are "at least", "less than"\./,
  );
  assert.match(
    failure('length_constraints:number_paragraphs', { num_paragraphs: 2, num_paragraf: 2 }),
    /no argument "num_paragraf"\.[\s\S]*did you mean "num_paragraphs"\?/,
  );
  assert.match(
    failure('length_constraints:nth_paragraph_first_word', { num_paragraphs: 2, nth_paragraph: 3, first_word: 'a' }),
    /nth_paragraph is 3 of 2 paragraphs\./,
  );
  assert.match(
    failure('punctuation:no_coma', {}),
    /no IFEval instruction is called "punctuation:no_coma"\.[\s\S]*nearest: punctuation:no_comma/,
  );
  assert.throws(() => readInstructions({ instruction_id_list: ['punctuation:no_comma'], kwargs: [] }), {
    message: '1 instructions have 0 sets of arguments.',
  });
});

test('a threshold of 0 is a threshold', () => {
  const none = { letter: 'q', let_frequency: 0, let_relation: 'at least' };
  assert.deepEqual(verify('x', ['keywords:letter_frequency', none]).strict, [true]);
});

test('keywords are plain text', () => {
  assert.deepEqual(verify('I write C++.', ['keywords:existence', { keywords: ['c++'] }]).strict, [true]);
  assert.deepEqual(verify('C++ it is.', ['keywords:existence', { keywords: ['c++'] }]).strict, [true]);
  assert.deepEqual(verify('I write C.', ['keywords:existence', { keywords: ['c++'] }]).strict, [false]);
});

test('without a detector a language is undecided, and the accuracy says so', () => {
  const french = verify('Bonjour.', ['language:response_language', { language: 'fr' }], ['punctuation:no_comma', {}]);
  const failed = verify('Oui, oui.', ['language:response_language', { language: 'fr' }], ['punctuation:no_comma', {}]);
  const capital = verify('GO ON', ['change_case:english_capital', {}]);
  assert.deepEqual(french.strict, [null, true]);
  const accuracy = ifevalAccuracy([french, failed, capital]);
  assert.equal(accuracy.exactness, '21 of 25 exact');
  // The French prompt is left out; the one with the comma fails whatever its language.
  assert.deepEqual([accuracy.promptStrict, accuracy.undecidedPrompts, accuracy.undecidedInstructions], [0.5, 1, 2]);
  assert.ok(Math.abs(accuracy.instructionStrict! - 2 / 3) < 1e-12);
  assert.equal(accuracy.approximateInstructions, 1);
  assert.equal(
    ifevalAccuracy([french], { detectLanguage: () => 'fr', splitSentences: (x) => [x] }).exactness,
    '25 of 25 exact',
  );
});
