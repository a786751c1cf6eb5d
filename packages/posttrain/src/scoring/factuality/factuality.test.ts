import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../golden.test.fixture.ts';
import { factScore } from './factscore.ts';
import { haluEvalScore, readVerdict } from './halueval.ts';
import { rubricMean, rubricScore } from './rubric.ts';

test('FActScore of the golden response, and what is left out', () => {
  assert.ok(agrees(factScore([{ supported: 3, facts: 5 }]).score, 0.220728));
  assert.equal(factScore([{ supported: 6, facts: 12 }]).score, 0.5, 'no penalty above γ');
  const mixed = factScore([{ supported: 6, facts: 12 }, null, { supported: 0, facts: 0 }]);
  assert.deepEqual([mixed.score, mixed.precision, mixed.factsPerResponse], [0.5, 0.5, 12]);
  assert.ok(agrees(mixed.respondRatio, 1 / 3));
  assert.equal(factScore([null]).score, null);
});

test('HealthBench: positive points alone divide; clipping comes after the mean', () => {
  const met = (points: number) => ({ points, met: true });
  const unmet = (points: number) => ({ points, met: false });
  assert.equal(rubricScore([met(7), unmet(5), met(10), met(-6)]), 0.5);
  assert.ok(agrees(rubricScore([unmet(22), met(-6)]), -6 / 22));
  assert.ok(agrees(rubricMean([0.5, -6 / 22, 1]), 0.409091));
  assert.equal(rubricMean([-1, 0.5]), 0);
  assert.equal(rubricMean([]), null);
  assert.throws(() => rubricScore([met(-3)]), { message: 'a rubric of 1 criteria has no positive points.' });
});

test('HaluEval: whole words, failures apart, both answers of a row', () => {
  assert.equal(readVerdict('Nothing to see.'), 'failed');
  assert.equal(readVerdict('No.'), 'no');
  assert.equal(readVerdict('#Your Judgement#: YES'), 'yes');
  assert.equal(readVerdict('yes and no'), 'failed');
  const score = haluEvalScore([
    { onRight: 'no', onHallucinated: 'yes' },
    { onRight: 'yes', onHallucinated: 'yes' },
    { onRight: 'failed', onHallucinated: 'no' },
  ]);
  assert.deepEqual(score, { accuracy: 0.5, pairAccuracy: 1 / 3, failed: 1 });
  assert.equal(haluEvalScore([{ onRight: 'yes', onHallucinated: 'yes' }])!.pairAccuracy, 0);
});
