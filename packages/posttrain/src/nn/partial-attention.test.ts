import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cat, manualSeed, randn, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import { assertClose, assertNoLeak, valueTolerance } from '../testing/golden.ts';
import { attendPart, defineAttendPart, fusedAttendPart, joinPart } from './partial-attention.ts';

test("libtorch's kernel gives what the definition gives, heads grouped or not", () =>
  assertNoLeak(() =>
    scope(() => {
      manualSeed(1);
      for (const [heads, kvHeads] of [
        [4, 4],
        [6, 2],
        [3, 1],
      ] as const)
        for (const [queries, keys, causal] of [
          [5, 5, true],
          [3, 40, false],
          [70, 700, false],
        ] as const) {
          const query = randn([2, queries, heads, 8]);
          const [key, value] = [randn([2, keys, kvHeads, 8]), randn([2, keys, kvHeads, 8])];
          const ours = attendPart(query, key, value, causal);
          const expected = defineAttendPart(query, key, value, causal);
          const what = `${heads}/${kvHeads} heads, ${queries} on ${keys}`;
          assertClose(ours.out, expected.out, valueTolerance, what);
          assertClose(ours.logTotal, expected.logTotal, valueTolerance, what);
        }
    }),
  ));

test('attention to two sets of keys, joined, is attention to both', () =>
  assertNoLeak(() =>
    scope(() => {
      manualSeed(2);
      const query = randn([1, 7, 4, 8]).mul(4);
      const parts = [3, 20].map((keys) => [randn([1, keys, 2, 8]).mul(4), randn([1, keys, 2, 8])] as const);
      const [first, second] = parts.map(([key, value]) => attendPart(query, key, value, false));
      joinPart(first!, second!);
      const whole = attendPart(
        query,
        cat(
          parts.map(([key]) => key),
          1,
        ),
        cat(
          parts.map(([, value]) => value),
          1,
        ),
        false,
      );
      assertClose(first!.out, whole.out, valueTolerance, 'values');
      assertClose(first!.logTotal, whole.logTotal, valueTolerance, 'totals');
    }),
  ));

test('by hand: one query on two keys, one of them three times as strong', () =>
  scope(() => {
    const part = (key: number, value: number) =>
      attendPart(
        tensor([1], { shape: [1, 1, 1, 1] }),
        tensor([key], { shape: [1, 1, 1, 1] }),
        tensor([value], { shape: [1, 1, 1, 1] }),
        false,
      );
    const joined = part(0, 10);
    joinPart(joined, part(Math.log(3), 2));
    assert.ok(Math.abs(joined.out.item() - (10 + 3 * 2) / 4) < 1e-5);
    assert.ok(Math.abs(joined.logTotal.item() - Math.log(4)) < 1e-6);
  }));

test('the kernel over all keys, and over the past within documents, gives what the definition gives', () =>
  assertNoLeak(() =>
    scope(() => {
      manualSeed(4);
      for (const [dtype, tolerance] of [
        ['float32', valueTolerance],
        ['bfloat16', 2e-2],
      ] as const)
        for (const [heads, kvHeads, width] of [
          [4, 4, 8],
          [6, 2, 22],
          [3, 1, 64],
        ] as const) {
          // Heads stand inside longer rows, as they do beside keys and values.
          const rows = (count: number, of: number) =>
            randn([count, of + 1, width])
              .toDtype(dtype)
              .narrow(1, 1, of);
          for (const [queries, keys] of [
            [3, 40],
            [130, 65],
          ] as const) {
            const [query, key, value] = [rows(queries, heads), rows(keys, kvHeads), rows(keys, kvHeads)];
            const ours = fusedAttendPart(query, key, value)!;
            const expected = defineAttendPart(query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0), false);
            assertClose(ours.out, expected.out.squeeze(0), tolerance, `${dtype} ${heads}/${kvHeads}, all keys`);
            assertClose(ours.logTotal, expected.logTotal.squeeze(0), tolerance, 'totals');
          }
          const lengths = [1, 130, 64, 7];
          const total = lengths.reduce((sum, length) => sum + length);
          const [query, key, value] = [rows(total, heads), rows(total, kvHeads), rows(total, kvHeads)];
          const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
          const ours = fusedAttendPart(query, key, value, tensor([...starts, total], { dtype: 'int64' }))!;
          for (const [i, length] of lengths.entries()) {
            const own = (x: Tensor) => x.narrow(0, starts[i]!, length);
            const line = (x: Tensor) => own(x).unsqueeze(0);
            const expected = defineAttendPart(line(query), line(key), line(value), true);
            assertClose(own(ours.out), expected.out.squeeze(0), tolerance, `${dtype}, a document of ${length}`);
            assertClose(own(ours.logTotal), expected.logTotal.squeeze(0), tolerance, 'totals');
          }
        }
    }),
  ));

test('NaN and Inf of query, key and value pass through the kernel, to the queries that see them', () =>
  scope(() => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      for (const part of [0, 1, 2]) {
        // Above 0, as an infinite key under a query below 0 is rightly never looked at.
        const all = [0, 1, 2].map(() => randn([70, 1, 8]).abs());
        all[part]!.narrow(0, 66, 1).narrow(2, 3, 1).fill_(bad);
        const [query, key, value] = all;
        const { out } = fusedAttendPart(query!, key!, value!, tensor([0, 70], { dtype: 'int64' }))!;
        const rows = toArray(out.sum([1, 2]));
        const finite = [10, 66, 69].map((row) => Number.isFinite(rows[row]));
        assert.deepEqual(finite, [true, false, part === 0], `${bad} in part ${part}`);
      }
  }));

test('what the kernel cannot read is refused', () =>
  scope(() => {
    const [query, key] = [randn([4, 2, 8]), randn([4, 2, 8])];
    const two = tensor([0, 2, 3], { dtype: 'int64' });
    assert.throws(() => fusedAttendPart(query, key, key, two), /bounds rise from 0 to the number of rows/);
    assert.throws(() => fusedAttendPart(query, randn([4, 3, 8]), key), /key and value are \[S, K, Dh\]/);
    assert.throws(() => fusedAttendPart(query, randn([4, 3, 8]), randn([4, 3, 8])), /divide those of query/);
    assert.throws(() => fusedAttendPart(query.transpose(0, 1), key, key), /attend takes float32 or bfloat16/);
  }));
