import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeNames } from './names.ts';
import { attributesOf, kinds, specialTokens } from './words.ts';
import { createWorld, pocketSeed } from './world.ts';

const world = createWorld();

test('the same seed gives the same world, another seed another one of the same size', () => {
  assert.deepEqual(createWorld(pocketSeed), world);
  const other = createWorld(pocketSeed + 1);
  assert.notDeepEqual(other.vocabulary, world.vocabulary);
  assert.equal(other.stored.length, world.stored.length);
});

test('the lists have the sizes of the design, and no word stands twice', () => {
  const size = (kind: (typeof kinds)[number]) => Object.values(world.names[kind]).map((names) => names.length);
  assert.equal(world.stored.length, 100);
  assert.deepEqual(kinds.map(size), [
    [40, 40, 120],
    [20, 20, 60],
    [20, 20, 60],
  ]);
  assert.equal(new Set(world.vocabulary).size, world.vocabulary.length);
  assert.deepEqual(world.vocabulary.slice(0, 6), specialTokens);
  const names = [
    ...world.stored.map(({ name }) => name),
    ...kinds.flatMap((kind) => Object.values(world.names[kind]).flat()),
  ];
  assert.equal(new Set(names).size, 500);
});

test('every stored fact is a value of its attribute, and facts are spread over them', () => {
  for (const attribute of attributesOf.person) {
    const facts = world.stored.map(({ facts }) => facts[attribute]);
    assert.ok(facts.every((value) => world.values[attribute].includes(value)));
    // 100 draws from n values hit n(1 − e^(−100/n)) of them on average: 36.7 of 40 towns, 16 of 16 guilds.
    assert.ok(new Set(facts).size > 0.7 * world.values[attribute].length, attribute);
  }
});

test('a name that is taken is replaced, and no other name changes', () => {
  const free = makeNames(3, 'town', 20, 2, new Set());
  const crowded = makeNames(3, 'town', 20, 2, new Set([free[4]!]));
  assert.notEqual(crowded[4], free[4]);
  assert.deepEqual(crowded.toSpliced(4, 1), free.toSpliced(4, 1));
});

test('more names leave the first ones as they are', () => {
  assert.deepEqual(makeNames(3, 'town', 40, 2, new Set()).slice(0, 20), makeNames(3, 'town', 20, 2, new Set()));
});
