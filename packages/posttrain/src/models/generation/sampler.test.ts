import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../support/random.ts';
import { scope, tensor } from '../../tensor/index.ts';
import { assertNoLeak } from '../../testing/golden.ts';
import { type Sampling, sampleTokens } from './sampler.ts';

/** Probabilities .5, .25, .15, .1 at tokens 2, 0, 3, 1. */
const logits = [0.25, 0.1, 0.5, 0.15].map(Math.log);

function sample(sampling: Sampling, uniform: readonly number[]): number[] {
  return scope(() => {
    const rows = tensor(
      uniform.flatMap(() => logits),
      { shape: [uniform.length, 4] },
    );
    return [...sampleTokens(rows, sampling, uniform).tokens];
  });
}

test('temperature 0 takes the likeliest token', () =>
  assertNoLeak(() => assert.deepEqual(sample({ temperature: 0 }, [0.99]), [2])));

test('without filters a number is looked up in the cumulated probabilities, in vocabulary order', () => {
  // Cumulated: .25 | .35 | .85 | 1
  assert.deepEqual(
    sample({ temperature: 1 }, [0, 0.24, 0.26, 0.34, 0.36, 0.84, 0.86, 0.999999]),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
});

test('frequencies follow the softmax at the temperature', () => {
  const random = new Random(5);
  const uniform = Array.from({ length: 20_000 }, () => random.float());
  const counts = [0, 0, 0, 0];
  for (const token of sample({ temperature: 0.5 }, uniform)) counts[token]!++;
  // Squared and normalised: .0625, .01, .25, .0225 over .345
  const expected = [0.18116, 0.02899, 0.72464, 0.06522];
  for (const [token, count] of counts.entries())
    assert.ok(Math.abs(count / 20_000 - expected[token]!) < 0.012, `${token}: ${count / 20_000}`);
});

test('topK keeps the likeliest k, topP the smallest set that reaches p, minP those near the likeliest', () => {
  const reachable = (sampling: Omit<Sampling, 'temperature'>) =>
    [
      ...new Set(
        sample(
          { temperature: 1, ...sampling },
          Array.from({ length: 400 }, (_, i) => i / 400),
        ),
      ),
    ].sort();
  assert.deepEqual(reachable({ topK: 2 }), [0, 2]);
  assert.deepEqual(reachable({ topP: 0.5 }), [2]); // .5 reaches .5
  assert.deepEqual(reachable({ topP: 0.51 }), [0, 2]); // the token that crosses p belongs to the set
  assert.deepEqual(reachable({ topP: 0.9 }), [0, 2, 3]);
  assert.deepEqual(reachable({ minP: 0.31 }), [0, 2]); // at least .155
  assert.deepEqual(reachable({ minP: 0.29 }), [0, 2, 3]); // at least .145
  // topP sees what topK left: of .5 and .25 renormalised, .667 alone reaches .6
  assert.deepEqual(reachable({ topK: 2, topP: 0.6 }), [2]);
});

test('a filter renormalises what is left', () => {
  const random = new Random(6);
  const uniform = Array.from({ length: 20_000 }, () => random.float());
  const likeliest = sample({ temperature: 1, topK: 2 }, uniform).filter((token) => token === 2).length;
  assert.ok(Math.abs(likeliest / 20_000 - 2 / 3) < 0.012);
});
