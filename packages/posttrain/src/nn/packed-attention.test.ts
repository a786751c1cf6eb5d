import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cat, manualSeed, noGrad, randn, scope, stack, type Tensor, tensor, toArray } from '../tensor/index.ts';
import { assertClose, assertNoLeak, gradientTolerance, valueTolerance } from '../testing/golden.ts';
import { PackedAttention } from './packed-attention.ts';

/**
 * The definition, with a mask written out: token i sees token j of its own sequence up to itself, and query head h reads
 * key-value head ⌊h·K/H⌋. Per head softmax(q·kᵀ/√Dh + mask)·v, all heads of a token side by side: [N, H·Dh].
 */
function dense(query: Tensor, key: Tensor, value: Tensor, lengths: readonly number[]): Tensor {
  const [tokens, heads, width] = query.shape as [number, number, number];
  const kvHeads = key.shape[1]!;
  const owner = lengths.flatMap((length, sequence) => new Array<number>(length).fill(sequence));
  const hidden = tensor(
    Array.from({ length: tokens * tokens }, (_, cell) => {
      const [i, j] = [Math.floor(cell / tokens), cell % tokens];
      return Number(owner[i] !== owner[j] || j > i);
    }),
    { shape: [tokens, tokens], dtype: 'bool' },
  );
  const perHead = Array.from({ length: heads }, (_, head) => {
    const from = Math.floor((head * kvHeads) / heads);
    const scores = query.select(1, head).matmul(key.select(1, from).t()).div(Math.sqrt(width));
    return scores.maskedFill(hidden, Number.NEGATIVE_INFINITY).softmax(-1).matmul(value.select(1, from));
  });
  return stack(perHead, 1).reshape([tokens, heads * width]);
}

function leaves(tokens: number, heads: number, kvHeads: number, width: number): [Tensor, Tensor, Tensor] {
  manualSeed(tokens * 31 + heads);
  const made = [heads, kvHeads, kvHeads].map((count) => randn([tokens, count, width])) as [Tensor, Tensor, Tensor];
  for (const leaf of made) leaf.requiresGrad = true;
  return made;
}

for (const { name, lengths, heads, kvHeads } of [
  { name: 'one sequence', lengths: [7], heads: 2, kvHeads: 2 },
  { name: 'equal lengths', lengths: [5, 5, 5], heads: 2, kvHeads: 2 },
  { name: 'unequal lengths of one group', lengths: [5, 8, 6, 7], heads: 2, kvHeads: 2 },
  {
    name: 'lengths of several groups, single tokens among them',
    lengths: [1, 9, 3, 1, 16, 2, 4, 17],
    heads: 2,
    kvHeads: 2,
  },
  { name: 'grouped heads', lengths: [3, 9, 5], heads: 6, kvHeads: 2 },
  { name: 'one key-value head for all', lengths: [4, 4], heads: 4, kvHeads: 1 },
])
  test(`${name}: values and gradients are those of a dense softmax under a mask`, () =>
    assertNoLeak(() =>
      scope(() => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const inputs = leaves(total, heads, kvHeads, 4);
        using attention = new PackedAttention(lengths);
        const ours = attention.attend(0, ...inputs);
        const expected = dense(...inputs, lengths);
        assertClose(ours, expected, valueTolerance, 'attention');

        const direction = randn([total, heads * 4]);
        ours.mul(direction).sumAll().backward();
        const gradients = inputs.map((input) => input.grad!.clone());
        for (const input of inputs) input.grad = null;
        expected.mul(direction).sumAll().backward();
        for (const [i, what] of ['query', 'key', 'value'].entries())
          assertClose(gradients[i]!, inputs[i]!.grad!, gradientTolerance, `gradient of the ${what}`);
      }),
    ));

test('positions begin anew with each sequence', () =>
  assertNoLeak(() => {
    using attention = new PackedAttention([3, 1, 2]);
    assert.equal(attention.positions.dtype, 'int64');
    assert.deepEqual(toArray(attention.positions), [0, 1, 2, 0, 0, 1]);
  }));

test('a sequence sees nothing of its neighbours: not even what is not a number', () =>
  assertNoLeak(() =>
    scope(() =>
      noGrad(() => {
        const [query, key, value] = leaves(9, 2, 2, 4);
        using attention = new PackedAttention([4, 3, 2]);
        const before = attention.attend(0, query, key, value);
        const poison = (x: Tensor) => cat([x.narrow(0, 0, 4), x.narrow(0, 4, 3).mul(Number.NaN), x.narrow(0, 7, 2)]);
        const after = attention.attend(0, poison(query), poison(key), poison(value));
        for (const [start, length] of [
          [0, 4],
          [7, 2],
        ] as const)
          assert.deepEqual(toArray(after.narrow(0, start, length)), toArray(before.narrow(0, start, length)));
        assert.ok(toArray(after.narrow(0, 4, 3)).every(Number.isNaN));
      }),
    ),
  ));

test('a token sees nothing of what comes after it', () =>
  assertNoLeak(() =>
    scope(() =>
      noGrad(() => {
        const [query, key, value] = leaves(8, 2, 1, 4);
        using attention = new PackedAttention([5, 3]);
        const before = attention.attend(0, query, key, value);
        const changed = (x: Tensor) => cat([x.narrow(0, 0, 4), x.narrow(0, 4, 1).add(100), x.narrow(0, 5, 3)]);
        const after = attention.attend(0, query, changed(key), changed(value));
        assert.deepEqual(toArray(after.narrow(0, 0, 4)), toArray(before.narrow(0, 0, 4)));
        assert.notDeepEqual(toArray(after.narrow(0, 4, 1)), toArray(before.narrow(0, 4, 1)));
      }),
    ),
  ));

test('dropout drops attention weights at its rate, and scales the others up', () =>
  assertNoLeak(() =>
    scope(() =>
      noGrad(() => {
        manualSeed(5);
        // The first token of each sequence sees itself alone: its one weight is dropped, or doubled.
        const count = 2000;
        using attention = new PackedAttention(new Array<number>(count).fill(1));
        const one = tensor(new Array<number>(count).fill(1), { shape: [count, 1, 1] });
        const values = toArray(attention.attend(0, one, one, one, { dropout: 0.5 }));
        assert.deepEqual([...new Set(values)].sort(), [0, 2]);
        const dropped = values.filter((value) => value === 0).length;
        assert.ok(Math.abs(dropped - count / 2) < 4 * Math.sqrt(count / 4), `${dropped} of ${count}`);
      }),
    ),
  ));
