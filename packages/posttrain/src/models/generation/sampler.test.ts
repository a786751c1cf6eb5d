import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addon } from '../../native/binding.ts';
import { cpuLevel, levelsUpTo } from '../../native/cpu-level.ts';
import { Random } from '../../support/random.ts';
import { manualSeed, randn, scope, setThreads, tensor, threads } from '../../tensor/index.ts';
import { assertNoLeak } from '../../testing/golden.ts';
import { type Sampling, sampleFused, samplePlainly, sampleTokens } from './sampler.ts';

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

test('the log-probability is that of the draw: at the temperature, among what the filters leave', () => {
  const logp = (sampling: Sampling, uniform: number) =>
    scope(() => sampleTokens(tensor(logits, { shape: [1, 4] }), sampling, [uniform]).logps[0]!);
  const near = (actual: number, probability: number) => assert.ok(Math.abs(actual - Math.log(probability)) < 1e-5);
  near(logp({ temperature: 1 }, 0.5), 0.5);
  near(logp({ temperature: 1 }, 0.1), 0.25);
  near(logp({ temperature: 0.5 }, 0.5), 0.25 / 0.345);
  near(logp({ temperature: 1, topK: 2 }, 0.9), 2 / 3); // of .25 and .5
  near(logp({ temperature: 1, topP: 0.5 }, 0.9), 1);
  near(logp({ temperature: 0 }, 0.9), 0.5); // greedy: of the plain softmax
});

test('the kernel draws what the plain definition draws, at every level and with any number of threads', () =>
  assertNoLeak(() => {
    const before = threads();
    try {
      for (const level of levelsUpTo(cpuLevel()))
        for (const count of [1, 2, 4])
          for (const [vocabulary, spread] of [
            [50, 1],
            [1000, 4],
            [5003, 0.1],
          ] as const)
            scope(() => {
              addon().useLevel(level);
              setThreads(count);
              manualSeed(vocabulary);
              const rows = randn([40, vocabulary]).mul(spread);
              const random = new Random(vocabulary);
              const uniform = Array.from({ length: 40 }, () => random.float());
              for (const sampling of settings) {
                const [ours, plain] = [sampleFused, samplePlainly].map((f) => f(rows, sampling, uniform));
                const what = `${level} ${count} ${vocabulary} ${JSON.stringify(sampling)}`;
                assert.deepEqual(ours!.tokens, plain!.tokens, what);
                for (const [row, logp] of ours!.logps.entries())
                  assert.ok(Math.abs(logp - plain!.logps[row]!) < 2e-5, `${what}: ${logp}, ${plain!.logps[row]}`);
              }
            });
    } finally {
      addon().useLevel(cpuLevel());
      setThreads(before);
    }
  }));

const settings: readonly Sampling[] = [
  { temperature: 0 },
  { temperature: 1 },
  { temperature: 0.7 },
  { temperature: 1, topK: 1 },
  { temperature: 1, topK: 7 },
  { temperature: 1, topK: 100_000 },
  { temperature: 1.3, topP: 0.9 },
  { temperature: 1, topP: 0.3 },
  { temperature: 1, minP: 0.2 },
  { temperature: 0.8, topK: 40, topP: 0.8, minP: 0.05 },
];

test('a NaN among the logits makes the log-probability NaN; a token of no probability is never drawn', () => {
  for (const level of levelsUpTo(cpuLevel()))
    scope(() => {
      addon().useLevel(level);
      for (const bad of [Number.NaN, Infinity])
        for (const sampling of settings) {
          const [of] = sampleFused(tensor([1, 2, bad, 3, 0, 1], { shape: [1, 6] }), sampling, [0.3]).logps;
          assert.ok(Number.isNaN(of), `${level} ${bad} ${JSON.stringify(sampling)}: ${of}`);
        }
      const masked = tensor([-Infinity, 1, -Infinity], { shape: [1, 3] });
      for (const uniform of [0, 0.5, 1 - 2 ** -53])
        assert.deepEqual([...sampleFused(masked, { temperature: 1 }, [uniform]).tokens], [1]);
    });
  addon().useLevel(cpuLevel());
});
