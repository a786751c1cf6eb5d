import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope, type Tensor, tensor } from '../tensor/index.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { lookUp } from './next-token-log-probability.ts';

/** A model whose states are its logits. */
function states(rows: readonly (readonly number[])[]): [model: Parameters<typeof lookUp>[0], states: Tensor] {
  const vocabulary = rows[0]!.length;
  const dimensions = {
    vocabulary,
    width: vocabulary,
    layers: 0,
    heads: 1,
    kvHeads: 1,
    headWidth: 2,
    inner: 1,
    parameters: 0,
    biased: false,
    context: 1,
  };
  const model = { logits: (hidden: Tensor) => hidden, dimensions };
  return [model, tensor(rows.flat(), { shape: [rows.length, vocabulary] })];
}

test('by hand: the logarithm of 1, 2 and 5 parts of 8, and the largest is the first choice', () =>
  assertNoLeak(() =>
    scope(() => {
      const given = states([
        [0, 0, 0],
        [Math.log(1), Math.log(2), Math.log(5)],
      ]);
      const asked = [2, 0, 1].map((token) => ({ position: 1, token }));
      const { logps, first } = lookUp(...given, asked);
      for (const [i, parts] of [5, 1, 2].entries()) assert.ok(Math.abs(logps[i]! - Math.log(parts / 8)) < 1e-6);
      assert.deepEqual(first, [true, false, false]);
    }),
  ));

test('of equally likely tokens the first one is the choice', () =>
  scope(() => {
    const given = states([[1, 3, 3, 3]]);
    const asked = [0, 1, 2, 3].map((token) => ({ position: 0, token }));
    assert.deepEqual(lookUp(...given, asked).first, [false, true, false, false]);
  }));

test('NaN and infinities among the logits are told, each row by itself, in bits', () =>
  scope(() => {
    const given = states([
      [0, NaN],
      [-Infinity, 0],
      [0, 0],
      [Infinity, 0],
    ]);
    const asked = [0, 1, 2, 3].flatMap((position) => [0, 1].map((token) => ({ position, token })));
    const { logps, first } = lookUp(...given, asked);
    assert.deepEqual(
      logps.map((logp) => (Number.isFinite(logp) ? Math.round((logp / Math.LN2) * 1e5) / 1e5 : logp)),
      [NaN, NaN, -Infinity, 0, -1, -1, NaN, -Infinity],
    );
    assert.deepEqual(first.slice(0, 6), [false, false, false, true, true, false]);
  }));

test('more positions than one chunk holds, asked in any order, some twice and some never', () =>
  scope(() => {
    const rows = Array.from({ length: 300 }, (_, i) => [0, Math.log(i + 1)]);
    const [model, hidden] = states(rows);
    const wide = { ...model, dimensions: { ...model.dimensions, vocabulary: 2 ** 17 } };
    const asked = Array.from({ length: 250 }, (_, i) => ({ position: (i * 7) % 200, token: i % 2 }));
    const { logps } = lookUp(wide, hidden, asked);
    for (const [i, { position, token }] of asked.entries())
      assert.ok(
        Math.abs(logps[i]! - Math.log((token === 0 ? 1 : position + 1) / (position + 2))) < 1e-5,
        `question ${i}`,
      );
  }));
