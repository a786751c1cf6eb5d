import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { allEqual, choiceValues, pickChoice } from './pick.ts';

// One choice of 4 characters and 5 bytes, one of 2 and 2.
const likelihoods = { choices: ['café', 'no'], conditional: [-8, -5], unconditional: [-9, -4] };

test('each rule divides or subtracts as lm-eval does', () => {
  assert.deepEqual(choiceValues(likelihoods, 'sum'), [-8, -5]);
  assert.deepEqual(choiceValues(likelihoods, 'perCharacter'), [-2, -2.5]);
  assert.deepEqual(choiceValues(likelihoods, 'perByte'), [-1.6, -2.5]);
  assert.deepEqual(choiceValues(likelihoods, 'mutualInformation'), [1, -1]);
  assert.deepEqual(
    choiceValues({ choices: ['😀'], conditional: [-3] }, 'perCharacter'),
    [-3],
    'code points, not UTF-16',
  );
});

test('mutual information of what cannot be: never after the context, and always where only the context allows it', () => {
  const impossible = {
    choices: ['a', 'b', 'c'],
    conditional: [-Infinity, -9, -1],
    unconditional: [-Infinity, -Infinity, -2],
  };
  assert.deepEqual(choiceValues(impossible, 'mutualInformation'), [-Infinity, Infinity, 1]);
  assert.deepEqual(pickChoice([-Infinity, Infinity, 1], 1, 'share'), { best: [1], credit: 1, tied: false });
});

test('the rules disagree on who is best', () => {
  const credit = (rule: 'sum' | 'perCharacter') => pickChoice(choiceValues(likelihoods, rule), 0, 'share').credit;
  assert.equal(credit('sum'), 0);
  assert.equal(credit('perCharacter'), 1);
});

test('ties: 1/k natively, all to the first under compat', () => {
  assert.deepEqual(pickChoice([-1, -1, -2], 1, 'share'), { best: [0, 1], credit: 0.5, tied: true });
  assert.deepEqual(pickChoice([-1, -1, -2], 1, 'first'), { best: [0], credit: 0, tied: true });
  assert.deepEqual(pickChoice([-1, -1, -1, -1], [0, 3], 'share').credit, 0.5);
  assert.equal(pickChoice([-1, -1 - 1e-10], 1, 'share').tied, true, 'closer than 1e-9 is a tie');
  assert.equal(pickChoice([-1, -1 - 1e-8], 1, 'share').tied, false);
  assert.equal(pickChoice([-Infinity, -Infinity], 0, 'share').credit, 0.5);
});

test('a model that finds all choices equal is recognised', () => {
  assert.equal(allEqual([0, 0, 0]), true);
  assert.equal(allEqual([0, 0]), true);
  assert.equal(allEqual([0, 0, 1e-6]), false);
  assert.equal(allEqual([0]), false, 'one choice says nothing about the model');
});

test('what cannot be compared is refused', () => {
  const message = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (PosttrainError.is(error)) return error.message;
    }
    return 'no error';
  };
  assert.equal(
    message(() => choiceValues({ choices: ['a', 'b'], conditional: [-1] }, 'sum')),
    '2 choices have 1 log-likelihoods.',
  );
  assert.equal(
    message(() => choiceValues({ choices: ['a', ''], conditional: [-1, -1] }, 'perByte')),
    'choice 1 is empty, so it has no log-likelihood perByte.',
  );
  assert.equal(
    message(() => choiceValues({ choices: ['a'], conditional: [NaN] }, 'sum')),
    'the log-likelihood of choice 0 ("a") is NaN.',
  );
  assert.equal(
    message(() => choiceValues({ choices: ['a'], conditional: [-1] }, 'mutualInformation')),
    'mutualInformation of 1 choices has 0 unconditional log-likelihoods.',
  );
  assert.equal(
    message(() => pickChoice([-1, -2], 2, 'share')),
    'gold choice 2 is none of the 2 choices, which count from 0.',
  );
});
