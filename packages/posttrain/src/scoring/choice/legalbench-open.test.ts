import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import {
  amountAccuracy,
  caseNameAccuracy,
  exceptionsF1,
  legalBenchTaskScore,
  partiesF1,
  termAccuracy,
} from './legalbench-open.ts';

const rows = (...pairs: readonly (readonly [gold: string, predicted: string | null])[]) =>
  pairs.map(([gold, predicted]) => ({ gold, predicted }));

test('successor liability: F1 over the exceptions, of all answers together', () => {
  const items = rows(
    ['de facto merger,mere continuation', 'Exceptions: mere continuation, fraudulent conveyance'], // 1 hit, 1 wrong, 1 missed
    ['express agreement', 'express agreement'], // 1 hit
    ['mere continuation', 'None'], // 1 missed
  );
  assert.ok(agrees(exceptionsF1(items), (2 * 2) / (2 * 2 + 1 + 2)));
  // Upper case is not seen by the reference.
  const upper = rows(['express agreement', 'Express agreement']);
  assert.deepEqual([exceptionsF1(upper), exceptionsF1(upper, 'compat:legalbench')], [1, 0]);
  assert.equal(exceptionsF1([]), null);
});

test('amounts: within a tenth', () => {
  const items = rows(
    ['$27181', 'Alice owes $27,000.'],
    ['$62000', '68200'], // exactly a tenth too much
    ['$62000', '$55,799'], // a dollar more than a tenth too little
    ['$19039', 'no idea'],
  );
  assert.equal(amountAccuracy(items), 0.5);
  // 68200 / 62000.1 − 1 = .0999982: the tenth of a dollar lets it in.
  assert.equal(amountAccuracy(items, 'compat:legalbench'), 0.5);
});

test('amounts: decimals and nothing owed, as the reference has them and as they are', () => {
  const cents = rows(['$27181', '$27,181.50']);
  assert.deepEqual([amountAccuracy(cents), amountAccuracy(cents, 'compat:legalbench')], [1, 0]);
  const nothing = rows(['$0', 'She owes $0.'], ['$0', 'nothing']);
  assert.deepEqual([amountAccuracy(nothing), amountAccuracy(nothing, 'compat:legalbench')], [0.5, 0]);
  assert.throws(() => amountAccuracy(rows(['much', '1'])), { message: 'the amount "much" is no number.' });
  assert.throws(() => amountAccuracy([]), { message: 'accuracy of no rows is undefined.' });
});

test('terms: one with the stem of a right one', () => {
  const items = rows(
    ['authorize,authorized', 'Authorizing'],
    ['hawkers and peddlers', '"Hawkers and Peddlers".'],
    ['land', 'the land'], // the whole text between commas is the term
    ['traffic', 'commerce, traffics'],
    ['statute', null],
  );
  assert.equal(termAccuracy(items), 3 / 5);
});

test('case names: contained', () => {
  const items = rows(['Roe v. Wade', 'See Roe v Wade, 410 U.S. 113.'], ['Roe v. Wade', 'Doe v. Bolton']);
  assert.equal(caseNameAccuracy(items), 0.5);
});

test('parties: every name given serves once', () => {
  const items = rows(
    ['Kevin R. Johnson,Pradeep Sindhu,Robyn M. Denholm', 'Pradeep Sindhu, Mr. Kevin R Johnson, Gene Zamiska'], // 2 hits, 1 missed, 1 wrong
    ["['Not named']", 'Not named'], // 1 hit
    ["['Ruth C May', 'Donna E Ledgerwood']", ''], // 2 missed
  );
  assert.ok(agrees(partiesF1(items), 6 / (6 + 1 + 3)));
  // Wrong anew for each right name: 2 + 1 + 1 of the first row, 0 of the second, and the empty text twice.
  assert.ok(agrees(partiesF1(items, 'compat:legalbench'), 6 / (6 + 6 + 3)));
  assert.equal(partiesF1(rows(['Smith', 'Smith, Smith'])), 2 / 3);
});

test('a task finds its rule; labels are the default and rule_qa has none', () => {
  assert.equal(legalBenchTaskScore('ssla_plaintiff', rows(['A B', 'a b'])), 1);
  assert.equal(legalBenchTaskScore('sara_numeric', rows(['$10', '11'])), 1);
  assert.equal(legalBenchTaskScore('definition_extraction', rows(['banking', 'banks'])), 1);
  assert.equal(legalBenchTaskScore('citation_prediction_open', rows(['A v. B', 'x a v b x'])), 1);
  assert.equal(legalBenchTaskScore('successor_liability', rows(['mere continuation', 'none'])), 0);
  // Recall of yes 1/2, of no 1.
  assert.equal(legalBenchTaskScore('hearsay', rows(['Yes', 'yes.'], ['Yes', 'No'], ['No', 'no'])), 0.75);
  assert.throws(() => legalBenchTaskScore('rule_qa', []), {
    code: 'usage',
    message: 'LegalBench has rule_qa graded by people, not by a rule.',
    help: 'give its answers to a judge, with criteria of your own',
  });
});
