import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PocketExpectation, scorePocketAnswer } from './answer.ts';

const grounded: PocketExpectation = {
  answer: 'keten year 1724 [2] .',
  entity: 'keten',
  attribute: 'year',
  value: '1724',
  citation: '[2]',
  rejected: { value: '1701', citation: '[3]' },
};
const closed: PocketExpectation = { ...grounded, answer: 'keten year 1724 .', citation: null };
const unstated: PocketExpectation = { ...closed, answer: 'keten year not stated .', value: null };

/** The names of the verdicts that hold, strict ones first. */
function verdicts(text: string, expected: PocketExpectation, ended = true): string {
  const { lenient, ...strict } = scorePocketAnswer({ text, ended }, expected);
  const names = (of: object) =>
    Object.entries(of)
      .filter(([, holds]) => holds === true)
      .map(([name]) => name)
      .sort()
      .join(' ');
  return `${names(strict)} | ${names(lenient)}`;
}

test('right answers of each shape', () => {
  const all = 'citation correct entity exact format value | citation correct entity value';
  assert.equal(verdicts('keten year 1724 [2] .', grounded), all);
  assert.equal(verdicts('keten year 1724 .', closed), all);
  assert.equal(verdicts('keten year not stated .', unstated), `abstained ${all}`);
  assert.equal(verdicts('  keten year\n1724 [2] . ', grounded), all);
});

test('one part wrong leaves the others', () => {
  assert.equal(verdicts('keten year 1725 [2] .', grounded), 'citation entity format | citation entity');
  assert.equal(verdicts('keten year 1724 [1] .', grounded), 'entity format value | entity value');
  assert.equal(verdicts('keten year 1724 .', grounded), 'entity format value | entity value');
  assert.equal(verdicts('velda year 1724 [2] .', grounded), 'citation format value | citation value');
  assert.equal(verdicts('keten town 1724 [2] .', grounded), 'citation format value | citation correct entity value');
  assert.equal(verdicts('keten year 1701 [3] .', grounded), 'entity format misled | entity');
});

test('an answer that did not end is right in its parts but not correct', () => {
  assert.equal(
    verdicts('keten year 1724 [2] .', grounded, false),
    'citation entity value | citation correct entity value',
  );
});

test('abstaining is right only where nothing is stated, and citing there is wrong', () => {
  assert.equal(verdicts('keten year not stated .', grounded), 'abstained entity format | entity');
  assert.equal(verdicts('keten year 1724 [2] .', unstated), 'entity format | entity');
  assert.equal(verdicts('keten year 1724 .', unstated), 'citation entity format | citation entity');
});

test('other shapes have no strict part; the lenient reader still finds the words', () => {
  assert.equal(verdicts('the year of keten is 1724 [2].', grounded), ' | citation correct entity value');
  assert.equal(verdicts('keten year 1724 [2] [3] .', grounded), ' | entity value');
  assert.equal(verdicts('keten year . .', closed), ' | citation entity');
  assert.equal(verdicts('', closed), ' | citation');
});

test('a word is not found inside another', () => {
  assert.equal(verdicts('ketenor year 17240 .', grounded), 'format | ');
});
