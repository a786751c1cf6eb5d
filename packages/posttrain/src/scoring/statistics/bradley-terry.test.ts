import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Battle } from './battles.ts';
import { bradleyTerry } from './bradley-terry.ts';
import { eloOf, sequentialElo } from './elo.ts';
import { near } from './near.test.fixture.ts';

function battles(a: string, b: string, wins: number, losses: number, ties: number): Battle[] {
  const scores = [...Array(wins).fill(1), ...Array(losses).fill(0), ...Array(ties).fill(0.5)];
  return scores.map((score, prompt) => ({ a, b, score, prompt }));
}
const specified = [...battles('A', 'B', 7, 3, 2), ...battles('B', 'C', 6, 2, 0), ...battles('A', 'C', 5, 1, 4)];
const options = { seed: 1, name: 'arena', draws: 200 };

test('strengths, Elo and the error of a difference have the values of the specification', () => {
  const { ratings, covariance } = bradleyTerry(specified, options);
  const [a, b, c] = ratings ?? [];
  assert.deepEqual([a?.model, b?.model, c?.model], ['A', 'B', 'C']);
  near(a?.strength, 0.545121);
  near(b?.strength, 0.082532);
  near(c?.strength, -0.627654);
  near(a?.elo, 1094.7, 2);
  near(b?.elo, 1014.34, 2);
  near(c?.elo, 890.97, 2);
  near(Math.sqrt(covariance[0]![0]! + covariance[1]![1]! - 2 * covariance[0]![1]!), 0.51722);
});

test('two models have the log odds, with the error of a share', () => {
  const { ratings } = bradleyTerry(battles('x', 'y', 7, 3, 0), options);
  const [x, y] = ratings ?? [];
  near(x?.strength, Math.log(7 / 3) / 2);
  near(y?.strength, -Math.log(7 / 3) / 2);
  // Half of 1/√(10 · .7 · .3), as the other strength is its negative
  near(x?.standardError, 0.5 / Math.sqrt(2.1));
  near(x?.curvatureInterval.low, Math.log(7 / 3) / 2 - (1.959963984540054 * 0.5) / Math.sqrt(2.1));
});

test('neither the order of battles nor the side of a model matters', () => {
  const turned = specified
    .map(({ a, b, score, prompt }) => ({ a: b, b: a, score: 1 - (score ?? 0), prompt }))
    .reverse();
  const [one, other] = [bradleyTerry(specified, options), bradleyTerry(turned, options)];
  assert.deepEqual(
    other.ratings?.map(({ model }) => model),
    ['A', 'B', 'C'],
  );
  for (const [i, rating] of (one.ratings ?? []).entries()) near(other.ratings?.[i]?.strength, rating.strength, 9);
});

test('the intervals come from resampled prompts', () => {
  // Battles of a prompt that all end alike are one piece of evidence: the interval of 40 prompts, not of 400 battles.
  const grouped = Array.from({ length: 400 }, (_, i): Battle => {
    const prompt = i % 40;
    return { a: 'x', b: 'y', score: prompt < 24 ? 1 : 0, prompt };
  });
  const { ratings, prompts, undefinedDraws } = bradleyTerry(grouped, { ...options, draws: 1000 });
  const x = ratings?.[0];
  assert.deepEqual([prompts, undefinedDraws], [40, 0]);
  const width = (interval: { low: number; high: number } | null | undefined) =>
    (interval?.high ?? 0) - (interval?.low ?? 0);
  const ratio = width(x?.interval) / width(x?.curvatureInterval);
  assert.ok(ratio > 2.6 && ratio < 4, `${ratio} is not about √10`);
  near(x?.eloInterval?.low, eloOf(x?.interval?.low ?? 0), 9);
});

test('a model that lost nothing has no finite strength', () => {
  const result = bradleyTerry([...battles('A', 'B', 3, 0, 0), ...battles('B', 'C', 2, 2, 0)], options);
  assert.equal(result.ratings, null);
  assert.match(result.why ?? '', /took nothing off the others/);
  assert.equal(bradleyTerry([], options).why, 'no battle has a score');
  assert.ok(bradleyTerry([...battles('A', 'B', 3, 0, 1), ...battles('B', 'C', 2, 2, 0)], options).ratings);
});

test('near separation still converges', () => {
  const { ratings } = bradleyTerry(battles('A', 'B', 9999, 1, 0), { ...options, draws: 2 });
  near(ratings?.[0]?.strength, Math.log(9999) / 2, 6);
});

test('a battle that nobody could tell is left out and counted', () => {
  const result = bradleyTerry([...specified, { a: 'A', b: 'C', score: null, prompt: 99 }], options);
  assert.deepEqual([result.battles, result.missing], [30, 1]);
  near(result.ratings?.[0]?.strength, 0.545121);
});

test('sequential Elo has the values of the specification and depends on the order', () => {
  const three: Battle[] = [
    { a: 'A', b: 'B', score: 1, prompt: 1 },
    { a: 'B', b: 'C', score: 1, prompt: 2 },
    { a: 'A', b: 'C', score: 0.5, prompt: 3 },
  ];
  near(sequentialElo(three).get('A'), 1001.977, 3);
  near(sequentialElo([...three].reverse()).get('A'), 1002.012, 3);
});

test('impossible battles are refused', () => {
  assert.throws(() => bradleyTerry([{ a: 'A', b: 'A', score: 1, prompt: 1 }], options), {
    code: 'usage',
    message: 'battle 0 has A on both sides.',
    help: 'a battle is between two models',
  });
  assert.throws(() => sequentialElo([{ a: 'A', b: 'B', score: 2, prompt: 1 }]), {
    message: 'battle 0, A against B, has score 2.',
    help: 'give 1 where the first is better, 0 where the second is, 0.5 for a tie, null where nobody could tell',
  });
});
