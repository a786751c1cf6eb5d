import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cat, manualSeed, randn, scope, tensor } from '../tensor/index.ts';
import { assertClose, assertNoLeak, valueTolerance } from '../testing/golden.ts';
import { attendPart, defineAttendPart, joinPart } from './partial-attention.ts';

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
