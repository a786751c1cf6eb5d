import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saysItDoesNotKnow } from './abstention-phrases.ts';
import { gradeShortAnswer, singleAnswer } from './short-answer.ts';

test('a short answer that holds the gold is correct, one that does not is wrong', () => {
  assert.equal(gradeShortAnswer('Tarn', ['tarn']), 'correct');
  assert.equal(gradeShortAnswer('Olo was born in Tarn, I believe.', ['Tarn']), 'correct');
  assert.equal(gradeShortAnswer('Koril', ['Tarn']), 'incorrect');
  assert.equal(gradeShortAnswer('…', ['Tarn']), 'unparseable');
});

test('abstentions are seen, and undecided beside a gold', () => {
  assert.equal(gradeShortAnswer('I don’t know.', ['Tarn']), 'abstained');
  assert.equal(gradeShortAnswer('I do not know, perhaps Tarn.', ['Tarn']), 'undecided');
  assert.equal(saysItDoesNotKnow('keten year not stated .'), true);
  assert.equal(saysItDoesNotKnow('The unknowns are x and y.'), false);
});

test('a long answer without the gold, and one with two golds, are for a judge', () => {
  assert.equal(
    gradeShortAnswer('It is one of the towns that lie around the great northern lake of old', ['Tarn']),
    'undecided',
  );
  assert.equal(gradeShortAnswer('Tarn or Koril', ['Tarn', 'Koril']), 'undecided');
  assert.equal(gradeShortAnswer('Paris, France it is', ['Paris', 'Paris, France']), 'correct');
});

test('number golds compare as numbers', () => {
  assert.equal(gradeShortAnswer('It was 1,741 marks.', ['1741']), 'correct');
  assert.equal(gradeShortAnswer('It was 17410 marks.', ['1741']), 'incorrect');
  assert.equal(gradeShortAnswer('1741 or 1742', ['1741']), 'undecided');
  assert.equal(gradeShortAnswer('about 1750', ['1741'], { tolerance: 0.01 }), 'correct');
});

test('a text that offers candidates gives no single answer', () => {
  assert.equal(singleAnswer('Tarn'), 'Tarn');
  assert.equal(singleAnswer('Tarn or Koril'), null);
  assert.equal(singleAnswer('Tarn; Koril'), null);
  assert.equal(singleAnswer('Tarn\nKoril'), null);
  assert.equal(singleAnswer('Tarn or tarn'), 'Tarn');
  assert.equal(singleAnswer('  '), null);
});
