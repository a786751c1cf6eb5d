import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/random.ts';
import { tokenTree } from './token-tree.ts';

const count = (length: number, from: number) => Array.from({ length }, (_, i) => from + i);

/** The sequence that a path through the tree spells. */
function spelled({ runs, paths }: ReturnType<typeof tokenTree>, sequence: number): number[] {
  return paths[sequence]!.flatMap((run) => runs[run]!.tokens);
}

test('what sequences begin with in common is one run; what ends there adds none', () => {
  const shared = count(20, 100);
  const tree = tokenTree([[...shared, 1, 2], shared, [...shared, 3], [7, 8]]);
  assert.deepEqual(tree.runs, [
    { tokens: [7, 8], length: 2, parent: -1 },
    { tokens: shared, length: 20, parent: -1 },
    { tokens: [1, 2], length: 2, parent: 1 },
    { tokens: [3], length: 1, parent: 1 },
  ]);
  assert.deepEqual(tree.paths, [[1, 2], [1], [1, 3], [0]]);
});

test('equal sequences are run once, however short', () => {
  const tree = tokenTree([[5], [5], [5]]);
  assert.deepEqual(tree, { runs: [{ tokens: [5], length: 1, parent: -1 }], paths: [[0], [0], [0]] });
});

test('a beginning that spares too few tokens is repeated, and what follows it may still be shared', () => {
  assert.deepEqual(
    tokenTree([
      [1, 2, 3],
      [1, 2, 4],
    ]).runs.map(({ tokens }) => tokens),
    [
      [1, 2, 3],
      [1, 2, 4],
    ],
  );
  const longer = count(30, 200);
  const tree = tokenTree([
    [1, ...longer, 5],
    [1, ...longer, 6],
    [1, 2],
    [1, 3],
  ]);
  assert.deepEqual(tree.runs, [
    { tokens: [1, 2], length: 2, parent: -1 },
    { tokens: [1, 3], length: 2, parent: -1 },
    { tokens: [1, ...longer], length: 31, parent: -1 },
    { tokens: [5], length: 1, parent: 2 },
    { tokens: [6], length: 1, parent: 2 },
  ]);
});

test('a beginning much shorter than what follows it is repeated: a beginning token before long texts', () => {
  const texts = (length: number) => Array.from({ length: 20 }, (_, i) => [1, ...count(length, 100 * (i + 1))]);
  assert.equal(tokenTree(texts(17)).runs.length, 20);
  assert.equal(tokenTree(texts(15)).runs.length, 21);
});

test('every sequence is spelled by its path, runs come depth first, and order decides nothing', () => {
  const random = new Random(5);
  const sequences = Array.from({ length: 200 }, () => Array.from({ length: 1 + random.int(60) }, () => random.int(2)));
  const few = sequences.slice(0, 20).flatMap((start) => sequences.slice(20, 25).map((end) => [...start, ...end]));
  for (const given of [sequences, few]) {
    const tree = tokenTree(given);
    for (const [i, tokens] of given.entries()) assert.deepEqual(spelled(tree, i), tokens);
    const open: number[] = [];
    for (const [run, { parent, length, tokens }] of tree.runs.entries()) {
      assert.equal(length, tokens.length);
      assert.ok(length > 0);
      while (open.length > 0 && open.at(-1) !== parent) open.pop();
      assert.equal(open.at(-1) ?? -1, parent, 'the run before is the last one that is still open');
      open.push(run);
    }
    const turned = tokenTree([...given].reverse());
    assert.deepEqual(turned.runs, tree.runs);
    assert.deepEqual([...turned.paths].reverse(), tree.paths);
  }
  const spent = tokenTree(few).runs.reduce((sum, { length }) => sum + length, 0);
  assert.ok(spent < 0.7 * few.reduce((sum, { length }) => sum + length, 0), `${spent} tokens`);
});

test('nothing is a tree of nothing', () => {
  assert.deepEqual(tokenTree([]), { runs: [], paths: [] });
});
