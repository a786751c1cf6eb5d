import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cat, manualSeed, noGrad, randn, scope, type Tensor, toArray } from '../tensor/index.ts';
import { assertClose, assertNoLeak, valueTolerance } from '../testing/golden.ts';
import { PackedAttention } from './packed-attention.ts';
import { TreeAttention, type TreeRun } from './tree-attention.ts';

const [heads, kvHeads, width] = [6, 2, 8];

/** Two roots, the second with children and a grandchild; lengths of several groups. */
const runs: readonly TreeRun[] = [
  { length: 3, parent: -1 },
  { length: 9, parent: -1 },
  { length: 2, parent: 1 },
  { length: 5, parent: 1 },
  { length: 1, parent: 3 },
  { length: 4, parent: 3 },
  { length: 7, parent: 1 },
];

/** Query, key and value of every run, for each of two blocks. */
function fields(): Tensor[][][] {
  manualSeed(3);
  return [0, 1].map(() =>
    runs.map(({ length }) => [heads, kvHeads, kvHeads].map((count) => randn([length, count, width]))),
  );
}

/** The last run of a path, attended to with everything before it in one line. */
function alone(block: readonly (readonly Tensor[])[], run: number): Tensor {
  const path: number[] = [];
  for (let at = run; at >= 0; at = runs[at]!.parent) path.unshift(at);
  const [query, key, value] = [0, 1, 2].map((part) => cat(path.map((at) => block[at]![part]!)));
  const total = path.reduce((sum, at) => sum + runs[at]!.length, 0);
  using attention = new PackedAttention([total]);
  const { length } = runs[run]!;
  return attention.attend(0, query!, key!, value!).narrow(0, total - length, length);
}

for (const cuts of [[7], [1, 7], [2, 4, 5, 7], [1, 2, 3, 4, 5, 6, 7]])
  test(`runs that end at ${cuts.join(', ')} of 7 in pieces: each sees what it sees alone`, () =>
    assertNoLeak(() =>
      scope(() =>
        noGrad(() => {
          const blocks = fields();
          using attention = new TreeAttention(runs);
          let first = 0;
          for (const end of cuts) {
            using piece = attention.piece(first, end);
            const depth = (run: number): number => (run < 0 ? 0 : depth(runs[run]!.parent) + runs[run]!.length);
            assert.deepEqual(
              toArray(piece.positions),
              runs
                .slice(first, end)
                .flatMap(({ length, parent }) => Array.from({ length }, (_, t) => depth(parent) + t)),
            );
            for (const [layer, block] of blocks.entries()) {
              const [query, key, value] = [0, 1, 2].map((part) =>
                cat(block.slice(first, end).map((run) => run[part]!)),
              );
              const ours = piece.attend(layer, query!, key!, value!);
              const expected = cat(runs.slice(first, end).map((_, i) => alone(block, first + i)));
              assertClose(ours, expected, valueTolerance, `block ${layer}, runs ${first} to ${end}`);
            }
            first = end;
          }
        }),
      ),
    ));
