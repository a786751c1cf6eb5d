import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PosttrainError } from '../support/errors.ts';
import { Random } from '../support/random.ts';
import { rowOf } from './fixtures.test.support.ts';
import { fitRow, hasLoss, refuseOverlong } from './overlong.ts';
import { packRows } from './packing.ts';

const lengths = (packs: readonly (readonly { tokens: Int32Array }[])[]) =>
  packs.map((pack) => pack.map(({ tokens }) => tokens.length));

test('best fit decreasing, by hand', () => {
  // Sorted 7 6 5 4 3 2: 7 opens A, 6 opens B, 5 opens C; 4 fits B exactly, 3 fits A exactly, 2 fits C. Rows keep their order.
  assert.deepEqual(
    lengths(
      packRows(
        [2, 7, 4, 3, 6, 5].map((n) => rowOf(n)),
        10,
      ),
    ),
    [
      [2, 5],
      [7, 3],
      [4, 6],
    ],
  );
});

test('packs hold every row once, whole, within maxTokens, and are nearly full', () => {
  const random = Random.of(3, 'packing');
  const rows = Array.from({ length: 3000 }, (_, i) => rowOf(1 + random.int(200), i));
  const packs = packRows(rows, 512);
  assert.deepEqual(new Set(packs.flat()), new Set(rows));
  assert.equal(packs.flat().length, rows.length);
  const sizes = packs.map((pack) => pack.reduce((sum, { tokens }) => sum + tokens.length, 0));
  assert.ok(sizes.every((size) => size <= 512));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(packs.length <= 1.02 * Math.ceil(total / 512) + 3, `${packs.length} packs for ${total} tokens`);
  assert.deepEqual(packRows(rows, 512), packs);
});

test('packs stay within their window, so that the shuffled order survives', () => {
  const packs = packRows(
    Array.from({ length: 100 }, (_, i) => rowOf(3, i)),
    1000,
    10,
  );
  assert.deepEqual(
    packs.map((pack) => [pack[0]!.tokens[0], pack.length]),
    Array.from({ length: 10 }, (_, i) => [10 * i, 10]),
  );
});

test('a row that fits nowhere is an error', () => {
  assert.throws(() => packRows([rowOf(11)], 10), /a row of 11 tokens cannot be packed into maxTokens \(10\)/);
});

test('overlong rows: dropped, cut at either end, or split, with no loss on a first token', () => {
  const row = rowOf(10, 100);
  const fit = (overlong: Parameters<typeof fitRow>[2]) => {
    const { rows, fate } = fitRow(row, 4, overlong);
    return [fate, ...rows.map(({ tokens, weights }) => `${[...tokens]} ${[...weights]}`)];
  };
  assert.deepEqual(fit('drop'), ['dropped']);
  assert.deepEqual(fit('truncateEnd'), ['cut', '100,101,102,103 0,1,1,1']);
  assert.deepEqual(fit('truncateStart'), ['cut', '106,107,108,109 0,1,1,1']);
  assert.deepEqual(fit('split'), ['split', '100,101,102,103 0,1,1,1', '104,105,106,107 0,1,1,1', '108,109 0,1']);
  assert.deepEqual(fitRow(row, 10, 'drop'), { rows: [row], fate: 'whole' });
  assert.equal(hasLoss(rowOf(1)), false);
});

test('overlong: error lists the count, the three longest and what would fit', () => {
  const rows = [5, 30, 9, 40, 20, 10].map((length, i) => rowOf(length, i));
  assert.throws(
    () => refuseOverlong(rows, 9),
    (error: PosttrainError) => {
      assert.equal(error.code, 'data-overlong');
      assert.equal(
        error.format(),
        `4 of 6 rows are longer than maxTokens (9):
  rows.jsonl:4: 40 tokens
  rows.jsonl:2: 30 tokens
  rows.jsonl:5: 20 tokens
  …
  in rows.jsonl:4 data.maxTokens
  help: maxTokens: 40 fits all rows; overlong: drop, truncateStart, truncateEnd or split says what to do with them.`,
      );
      return true;
    },
  );
  refuseOverlong(rows, 40);
});
