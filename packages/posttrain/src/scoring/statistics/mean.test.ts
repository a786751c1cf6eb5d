import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveClusters, sumClusters } from './clusters.ts';
import { meanEstimate } from './mean.ts';
import { near } from './near.test.fixture.ts';
import { intraclassCorrelation, robustError } from './robust-error.ts';

const answers = [1, 1, 1, 0, 0, 1, 1, 0, 0, 0];
const documents = ['p', 'p', 'p', 'q', 'q', 'q', 'r', 'r', 's', 's'];
const grades = [0.9, 0.7, 0.8, 0.2, 0.1, 0.5, 0.6, 0.4, 0.95, 0.3, 0.35, 0.2];
const prompts = ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'c', 'd', 'd', 'e', 'f'];

test('the clustered error has the value of the specification', () => {
  const estimate = meanEstimate(answers, { clusters: documents });
  assert.equal(estimate.value, 0.5);
  near(estimate.standardError, 0.216025);
  near(estimate.standardError! * Math.sqrt(3 / 4), 0.187083); // without C/(C − 1)
  assert.deepEqual([estimate.n, estimate.clusters, estimate.missing], [10, 4, 0]);
  near(meanEstimate(answers).standardError, 0.166667);
});

test('the bias-reduced error and its degrees of freedom equal the matrix form', () => {
  // CR2 with all n × n matrices in numpy, working correlation by analysis of variance.
  const shares = robustError(sumClusters(answers, documents));
  near(shares?.reducedBias, 0.219578);
  near(shares?.df, 2.732862);
  near(intraclassCorrelation(sumClusters(answers, documents)), 0.34264);
  const graded = robustError(sumClusters(grades, prompts));
  near(graded?.reducedBias, 0.044815);
  near(graded?.df, 3.238263);
});

test('a graded mean has the t interval', () => {
  const alone = meanEstimate([0.2, 0.5, 0.9, 0.4, 0.7]);
  near(alone.value, 0.54);
  near(alone.standardError, 0.12083);
  near(alone.interval?.low, 0.204521);
  near(alone.interval?.high, 0.875479);
  assert.deepEqual([alone.method, alone.df], ['t', 4]);
  const clustered = meanEstimate(grades, { clusters: prompts });
  near(clustered.interval?.low, 0.363135);
  near(clustered.interval?.high, 0.636865);
});

test('clusters of one size need no correction: both errors agree and df is C − 1', () => {
  const error = robustError(sumClusters([1, 0, 0.5, 0.25, 0, 0.75], [1, 1, 2, 2, 3, 3]));
  near(error?.standardError, error?.reducedBias ?? Number.NaN, 12);
  assert.equal(error?.df, 2);
});

test("a share of items that stand alone is Wilson's, of clustered items Wilson's with the effective number", () => {
  const alone = meanEstimate([...Array(45).fill(1), ...Array(5).fill(0)]);
  assert.equal(alone.method, 'wilson');
  near(alone.interval?.low, 0.786398);
  near(alone.interval?.high, 0.956524);
  // .25 / .219578² = 5.185185 items, t = t.ppf(.975, 2.732862)
  const clustered = meanEstimate(answers, { clusters: documents });
  near(clustered.interval?.low, 0.085869);
  near(clustered.interval?.high, 0.914131);
});

test('where all is right, clusters count and not items', () => {
  const right = meanEstimate(Array(40).fill(1), { clusters: Array.from({ length: 40 }, (_, i) => i % 4) });
  // Wilson's upper end is 1, its lower one n / (n + t²) with n = 4 clusters and t = t.ppf(.975, 3)
  near(right.interval?.low, 4 / (4 + 3.182446305284263 ** 2));
  assert.equal(right.interval?.high, 1);
});

test('a cluster per item is the same as none', () => {
  const ids = grades.map((_, i) => i);
  assert.deepEqual(meanEstimate(grades, { clusters: ids }), meanEstimate(grades));
});

test('nothing is known of the spread of no score, of one cluster, of equal grades', () => {
  const empty = meanEstimate([null, null]);
  assert.deepEqual(
    [empty.value, empty.standardError, empty.interval, empty.n, empty.missing],
    [null, null, null, 0, 2],
  );
  const one = meanEstimate([0, 1, 1], { clusters: ['d', 'd', 'd'] });
  assert.deepEqual([one.value, one.standardError, one.interval], [2 / 3, null, null]);
  assert.equal(meanEstimate([0.5, 0.5, 0.5]).interval, null);
});

test('a null score is left out with its cluster and counted', () => {
  const { missing, ...rest } = meanEstimate([...answers, null], { clusters: [...documents, 'z'] });
  const { missing: none, ...full } = meanEstimate(answers, { clusters: documents });
  assert.deepEqual([missing, none], [1, 0]);
  assert.deepEqual(rest, full);
});

test('effective clusters are all of equal ones and hardly more than one of a dominant one', () => {
  assert.equal(effectiveClusters([3, 3, 3, 3]), 4);
  near(effectiveClusters([97, 1, 1, 1]), 1.062473);
});

test('wrong calls are named with their values', () => {
  assert.throws(() => meanEstimate([1, Number.NaN]), {
    code: 'usage',
    message: 'score 1 is NaN.',
    help: 'a score is a finite number, or null where the scorer does not apply; positions count from 0',
  });
  assert.throws(() => meanEstimate([1, 0], { clusters: ['a'] }), { message: '2 items, but 1 cluster ids.' });
  assert.throws(() => meanEstimate([1, 0], { level: 95 }), {
    message: 'level is 95.',
    help: 'a level lies between 0 and 1, such as 0.95',
  });
});
