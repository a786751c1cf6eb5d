import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { counterfactualScore, logOddsOfYes } from './counterfactual-pairs.ts';

test('flips, and how far the log-odds move', () => {
  const score = counterfactualScore([
    { a: 1, b: -0.5 }, // flips
    { a: 2, b: 0.5 },
    { a: -1, b: -3 },
    { a: 0, b: 1 }, // decides nothing
  ]);
  assert.ok(agrees(score.flipRate, 1 / 3, 12));
  assert.equal(score.meanDifference, (1.5 + 1.5 + 2 + 1) / 4);
  assert.equal(score.meanSigned, (1.5 + 1.5 + 2 - 1) / 4);
  assert.deepEqual([score.pairs, score.undecided], [4, 1]);
});

test('swapping the members turns the sign and nothing else', () => {
  const there = counterfactualScore([
    { a: 1, b: -2 },
    { a: 0.25, b: 1 },
  ]);
  const back = counterfactualScore([
    { a: -2, b: 1 },
    { a: 1, b: 0.25 },
  ]);
  assert.deepEqual(back, { ...there, meanSigned: -there.meanSigned! });
});

test('without pairs, and without decisions, there is no rate', () => {
  assert.equal(counterfactualScore([]).meanDifference, null);
  const same = counterfactualScore([{ a: 0, b: 0 }]);
  assert.deepEqual([same.flipRate, same.meanDifference, same.undecided], [null, 0, 1]);
  assert.throws(() => counterfactualScore([{ a: Number.NEGATIVE_INFINITY, b: 0 }]), {
    code: 'usage',
    message: 'pair 0 has the log-odds -Infinity and 0.',
    help: 'both are finite numbers, in nats; pairs count from 0',
  });
});

test('the log-odds of several ways to write yes and no', () => {
  // P(yes) = .3 + .2, P(no) = .1 + .15: log(.5/.25)
  assert.ok(agrees(logOddsOfYes([Math.log(0.3), Math.log(0.2)], [Math.log(0.1), Math.log(0.15)]), Math.LN2, 12));
});
