import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holm } from './holm.ts';
import { near } from './near.test.fixture.ts';
import { detectableDifference, detectableEffect, mcnemarPower, minimumDetectableEffect, testPower } from './power.ts';
import { passAllK, passAtK } from './repeats.ts';

test('the power line has the values of the specification', () => {
  near(minimumDetectableEffect(200, 0.3), 0.108444);
  near(minimumDetectableEffect(1000, 0.3), 0.048497);
  near(minimumDetectableEffect(400, 0.3), 0.076681);
  assert.equal(minimumDetectableEffect(0, 0.3), null);
});

test("the power of McNemar's exact test equals the sum over all tables", () => {
  // By scipy.stats.binom over every m and k.
  near(mcnemarPower({ n: 200, discordant: 0.3 }, 0.108444), 0.777798);
  near(mcnemarPower({ n: 50, discordant: 0.2 }, 0.15), 0.593055);
  near(mcnemarPower({ n: 1000, discordant: 0.3 }, -0.0485), 0.785905);
  // Six discordant of six items, all one way: 2/64 is the only result under 5 %.
  near(mcnemarPower({ n: 6, discordant: 1 }, 0), 2 / 64, 12);
  near(mcnemarPower({ n: 6, discordant: 1 }, 0.5), 0.75 ** 6 + 0.25 ** 6, 12);
  assert.equal(mcnemarPower({ n: 5, discordant: 1 }, 1), 0);
  // All discordant items are fixed: P(6 or more of 10 by ½)
  near(mcnemarPower({ n: 10, discordant: 0.5 }, 0.5), 0.376953);
});

test('the detectable difference inverts the power', () => {
  near(detectableDifference({ n: 200, discordant: 0.3 }), 0.111238, 5);
  near(detectableDifference({ n: 60, discordant: 0.4 }), 0.23454, 5);
  assert.equal(detectableDifference({ n: 5, discordant: 1 }), null);
});

test('the power of a t test is that of the noncentral t distribution', () => {
  // scipy.stats.nct
  near(testPower(2.8, 1, 39), 0.779499);
  near(testPower(1, 1, 5), 0.129964);
  near(testPower(2, 1, 19), 0.475606);
  near(testPower(1.5, 1, 2), 0.148692);
  near(testPower(3.5, 1, 9), 0.874761);
  near(testPower(0, 1, 12), 0.05);
  near(testPower(-2.8, 1, 39), testPower(2.8, 1, 39), 12);
});

test('the detectable effect inverts it', () => {
  near(testPower(detectableEffect(0.1, 20), 0.1, 20), 0.8);
  // Many degrees of freedom: z.975 + z.9 = 1.959964 + 1.281552
  near(detectableEffect(1, 1e6, { power: 0.9 }), 3.241516, 4);
});

test('impossible designs are refused', () => {
  assert.throws(() => mcnemarPower({ n: 100, discordant: 0.1 }, 0.2), {
    code: 'usage',
    message: 'a difference of 0.2 with 0.1 of the items discordant.',
    help: 'two models differ by at most the share of items on which they differ',
  });
  assert.throws(() => minimumDetectableEffect(10.5, 0.1), {
    message: '10.5 items of which a share of 0.1 is discordant.',
    help: 'n is a whole number of at least 0, and a share lies between 0 and 1',
  });
});

test('Holm has the values of the specification and keeps the order of the rows', () => {
  assert.deepEqual(
    holm([0.01, 0.03, 0.04]).map((p) => p?.toFixed(6)),
    ['0.030000', '0.060000', '0.060000'],
  );
  assert.deepEqual(
    holm([0.04, null, 0.01, 0.9]).map((p) => p?.toFixed(6) ?? null),
    ['0.080000', null, '0.030000', '0.900000'],
  );
  assert.deepEqual(holm([0.7, 0.8]), [1, 1]);
  assert.deepEqual(holm([0, 1]), [0, 1]);
  assert.throws(() => holm([0.5, 1.2]), {
    code: 'usage',
    message: 'p value 1 is 1.2.',
    help: 'a p value lies between 0 and 1; positions count from 0',
  });
});

test('pass@k and pass^k have the values of the specification', () => {
  near(passAtK(10, 6, 3), 0.966667);
  near(passAllK(10, 6, 3), 0.166667);
  near(passAtK(5, 2, 1), 0.4, 12);
  assert.deepEqual([passAtK(4, 0, 2), passAllK(4, 4, 2), passAllK(4, 1, 2)], [0, 1, 0]);
  assert.equal(passAtK(4, 3, 2), 1);
});

test('fewer samples than k do not tell', () => {
  assert.deepEqual([passAtK(2, 2, 3), passAllK(2, 2, 3)], [null, null]);
  assert.throws(() => passAtK(4, 5, 2), {
    code: 'usage',
    message: '5 of 4 samples are right, and k is 2.',
    help: 'all are whole numbers, 0 ≤ correct ≤ samples, and k is at least 1',
  });
});
