import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scope } from '../../tensor/index.ts';
import { assertNoLeak } from '../../testing/golden.ts';
import { PagedCache } from './paged-cache.ts';

const dimensions = {
  vocabulary: 8,
  width: 8,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headWidth: 4,
  inner: 16,
  context: 4096,
  parameters: 0,
  biased: false,
};

const blocksOf = (cache: PagedCache, row: number) => [
  ...cache.blocksOf(row, row + 1).subarray(0, Math.ceil(cache.lengths[row]! / 16)),
];

function grow(cache: PagedCache, row: number, tokens: number): void {
  cache.extend(row, tokens);
  cache.lengths[row]! += tokens;
}

test('rows with one beginning share its whole blocks and own the one that is being filled', () =>
  assertNoLeak(() =>
    scope(() => {
      using cache = new PagedCache(dimensions, 'float32', [40, 32], 100, 4);
      grow(cache, 0, 40);
      grow(cache, 1, 32);
      const [first, second] = [blocksOf(cache, 0), blocksOf(cache, 1)];
      for (const [i, block] of first.entries()) cache.keys[1]!.narrow(0, block, 1).fill_(i + 1);
      cache.fork([0, 0, 1, 1]);
      assert.deepEqual([...cache.lengths], [40, 40, 32, 32]);
      assert.deepEqual(blocksOf(cache, 0), first);
      assert.deepEqual(blocksOf(cache, 1).slice(0, 2), first.slice(0, 2));
      const own = blocksOf(cache, 1)[2]!;
      assert.notEqual(own, first[2]);
      assert.equal(cache.keys[1]!.select(0, own).select(0, 0).item(), 3);
      assert.deepEqual(blocksOf(cache, 2), second);
      assert.deepEqual(blocksOf(cache, 3), second);
      // 32 tokens fill their blocks: the next token of each goes into a block of its own.
      grow(cache, 2, 1);
      grow(cache, 3, 1);
      assert.notEqual(blocksOf(cache, 2)[2], blocksOf(cache, 3)[2]);
    }),
  ));

test('a row that leaves gives back what nobody else reads', () =>
  assertNoLeak(() =>
    scope(() => {
      using cache = new PagedCache(dimensions, 'float32', [20], 40, 2);
      grow(cache, 0, 20);
      cache.fork([0, 0]);
      const [kept, left] = [blocksOf(cache, 0), blocksOf(cache, 1)];
      cache.keepRows([0]);
      assert.deepEqual(blocksOf(cache, 0), kept);
      grow(cache, 0, 20);
      assert.equal(blocksOf(cache, 0)[2], left[1]); // the block that came back last goes out first
      assert.equal(cache.keys[0]!.shape[0], 2 + 2 * 3);
    }),
  ));

test('the cache doubles when all blocks are taken, and keeps what it holds', () =>
  assertNoLeak(() =>
    scope(() => {
      using cache = new PagedCache(dimensions, 'float32', [1], 2000, 1);
      grow(cache, 0, 1);
      const capacity = cache.keys[0]!.shape[0]!;
      const [block] = blocksOf(cache, 0);
      cache.values[1]!.narrow(0, block!, 1).fill_(5);
      grow(cache, 0, 16 * capacity);
      assert.equal(cache.keys[0]!.shape[0], 2 * capacity);
      assert.equal(new Set(blocksOf(cache, 0)).size, capacity + 1);
      assert.equal(cache.values[1]!.select(0, block!).select(0, 7).item(), 5);
    }),
  ));
