import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoringGolden, skipWithoutGolden } from '../golden.test.fixture.ts';
import { extractNumber, parseNumber, scoreNumber, scoreNumberText } from './number-answer.ts';

type Answers = {
  golds: string[];
  answers: { answer: string; strict: string; flexible: string; equal: [boolean[], boolean[]] }[];
};

test("extraction and comparison equal lm-eval's filters and normalisation", { skip: skipWithoutGolden }, () => {
  const { golds, answers } = scoringGolden<Answers>('numbers.json');
  for (const { answer, strict, flexible, equal } of answers) {
    assert.equal(extractNumber(answer, 'strict') ?? '[invalid]', strict, answer);
    assert.equal(extractNumber(answer, 'flexible') ?? '[invalid]', flexible, answer);
    golds.forEach((gold, i) => {
      assert.equal(scoreNumberText(answer, gold, 'strict') === 'correct', equal[0][i], `${answer} / ${gold}`);
      assert.equal(scoreNumberText(answer, gold, 'flexible') === 'correct', equal[1][i], `${answer} / ${gold}`);
    });
  }
});

test('no number is unparseable, another number incorrect', () => {
  assert.equal(scoreNumberText('I give up', '72', 'flexible'), 'unparseable');
  assert.equal(scoreNumberText('It is 72', '72', 'strict'), 'unparseable');
  assert.equal(scoreNumberText('#### 73', '#### 72', 'strict'), 'incorrect');
});

test('as numbers, 72.0 is 72 and the tolerance is relative', () => {
  assert.equal(scoreNumberText('#### 72.0', '72', 'strict'), 'incorrect');
  assert.equal(scoreNumber('#### 72.0', 72, 'strict'), 'correct');
  assert.equal(scoreNumber('about 101', 100, 'flexible', 0.01), 'correct');
  assert.equal(scoreNumber('about 101.1', 100, 'flexible', 0.01), 'incorrect');
  assert.equal(scoreNumber('v 1.2.3', 1, 'flexible'), 'unparseable');
  assert.equal(parseNumber('$1,234.50'), 1234.5);
  assert.equal(parseNumber('-.5'), -0.5);
  assert.equal(parseNumber(','), null);
});
