import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearRelative } from './near.test.fixture.ts';
import { normalCdf, normalDensity, normalQuantile } from './normal.ts';
import { studentCdf, studentQuantile, studentTwoSided } from './student.ts';

// The expected values are those of scipy 1.17 (norm and t), which agree with printed tables.

test('the normal distribution function keeps its digits in the tails', () => {
  nearRelative(normalCdf(-8), 6.22096057427174e-16);
  nearRelative(normalCdf(-3), 0.0013498980316300933);
  nearRelative(normalCdf(-2), 0.022750131948179195);
  nearRelative(normalCdf(0.5), 0.6914624612740131);
  nearRelative(normalCdf(1.96), 0.9750021048517795);
  assert.equal(normalCdf(0), 0.5);
  assert.deepEqual([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(Number.POSITIVE_INFINITY)], [0, 1]);
  nearRelative(normalDensity(1), Math.exp(-0.5) / Math.sqrt(2 * Math.PI));
});

test('normal quantiles invert it', () => {
  nearRelative(normalQuantile(1e-12), -7.034483825301131);
  nearRelative(normalQuantile(0.001), -3.090232306167813);
  nearRelative(normalQuantile(0.2), -0.8416212335729142);
  nearRelative(normalQuantile(0.975), 1.959963984540054);
  assert.ok(Number.isNaN(normalQuantile(1.01)));
});

test("Student's distribution function, for whole and broken degrees of freedom", () => {
  nearRelative(studentCdf(-2, 3), 0.06966298427942152);
  nearRelative(studentCdf(1.5, 7.25), 0.9120786419378002);
  nearRelative(studentCdf(-40, 2), 0.0003122073360923703);
  nearRelative(studentCdf(-8, 30), 3.1329112378503795e-9);
  nearRelative(studentCdf(0.01, 1), 0.503182992764907);
  nearRelative(studentTwoSided(-2, 3), 2 * 0.06966298427942152);
  assert.equal(studentTwoSided(0, 5), 1);
  // One degree of freedom is the Cauchy distribution: ½ + arctan(t)/π.
  nearRelative(studentCdf(3, 1), 0.5 + Math.atan(3) / Math.PI);
  nearRelative(studentCdf(-1.7, Number.POSITIVE_INFINITY), normalCdf(-1.7));
});

test("Student's quantiles, from the Cauchy distribution to the normal", () => {
  nearRelative(studentQuantile(0.975, 1), 12.706204736174694);
  nearRelative(studentQuantile(0.975, 4.5), 2.6589123472044034);
  nearRelative(studentQuantile(0.975, 9), 2.262157162798205);
  nearRelative(studentQuantile(0.975, 39), 2.022690920036761);
  nearRelative(studentQuantile(0.995, 2.5), 7.163728138948783);
  nearRelative(studentQuantile(0.9, 1000), 1.2823987214609247);
  nearRelative(studentQuantile(0.975, 200000), 1.959975845966768);
  nearRelative(studentQuantile(0.025, 9), -2.262157162798205);
  assert.equal(studentQuantile(0.5, 3), 0);
  assert.ok(Number.isNaN(studentQuantile(0.975, 0)));
});
