import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenRow } from '../data/types.ts';
import { loadRewardModel } from '../models/index.ts';
import { Random } from '../support/random.ts';
import { scope, toArray } from '../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../testing/golden.ts';
import { evaluate } from './backward.ts';
import { makeBatch } from './batch.ts';
import type { ScoreObjective } from './objective.ts';
import { tokenValues } from './row-logps.ts';

const random = new Random(3);

function rowOf(prompt: number, answer: number): TokenRow {
  const tokens = Int32Array.from({ length: prompt + answer }, () => 1 + random.int(127));
  return {
    tokens,
    weights: Float32Array.from(tokens, (_, t) => (t < prompt ? 0 : 1)),
    origin: { file: 'rows', line: 1 },
  };
}

/** What the head read is noted, and nothing is learnt. */
function listening(needs: 'scores' | 'values', heard: number[]): ScoreObjective {
  return {
    ...{ name: 'listening', needs, dropout: false, weight: () => 1 },
    loss: (scores) => {
      heard.push(...(toArray(scores) as number[]));
      return { sum: scores.sumAll(), metrics: {} };
    },
  };
}

test('the value before a token is the score of what came before it, in training and where answers are drawn', () =>
  assertNoLeak(() => {
    const { model } = loadRewardModel(goldenPath('tiny/untied'), { freshHead: 'random' });
    using _ = model;
    const rows = [rowOf(3, 4), rowOf(5, 1), rowOf(1, 6)];
    const beginnings = rows.flatMap(({ tokens, weights, origin }) =>
      [...weights.keys()]
        .filter((t) => weights[t] === 1)
        .map((t): TokenRow => ({ tokens: tokens.slice(0, t), weights: new Float32Array(t), origin })),
    );
    const [scores, values]: [number[], number[]] = [[], []];
    scope(() => {
      evaluate(model, makeBatch(beginnings.map((row) => [row])), listening('scores', scores));
      evaluate(model, makeBatch([rows.slice(0, 2), rows.slice(2)]), listening('values', values));
    });
    const drawn = tokenValues(model, rows, 2);
    assert.deepEqual(
      drawn.map((list) => list.length),
      [4, 1, 6],
    );
    assert.ok(new Set(scores.map((score) => score.toFixed(4))).size > 8, 'scores differ');
    for (const [i, score] of scores.entries())
      for (const value of [values[i]!, drawn.flatMap((list) => [...list])[i]!])
        assert.ok(Math.abs(value - score) <= 1e-5, `[${i}]: ${value}, the score is ${score}`);
  }));
