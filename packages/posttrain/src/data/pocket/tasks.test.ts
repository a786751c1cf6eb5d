import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PocketItem } from './items.ts';
import { sftMix, sftRows } from './sft.ts';
import { type PocketTaskName, pocketTasks, testItems } from './tasks.ts';
import { type SourceType, sourceTypes } from './words.ts';
import { createWorld } from './world.ts';

const world = createWorld();
const textOf = (item: PocketItem) => item.messages[0].content;

/** The sources of a question as rows. */
const sourcesOf = (item: PocketItem) =>
  [...textOf(item).matchAll(/(\[\d\]) (\w+) : (\w+) (\w+) (\w+) \./g)].map(
    ([, citation, type, entity, attribute, value]) => ({ citation, type, entity, attribute, value }),
  );

const answering = (item: PocketItem) =>
  sourcesOf(item).filter(({ entity, attribute }) => entity === item.gold.entity && attribute === item.gold.attribute);

test('dev has 200 items and test 400, each different from the other, and the same every time', () => {
  for (const task of ['grounded', 'conflict', 'unanswerable'] as const) {
    const [dev, held] = [testItems(task, 'dev'), testItems(task, 'test')];
    assert.deepEqual([dev.length, held.length], [200, 400]);
    const questions = new Set(held.map(textOf));
    assert.equal(questions.size, 400);
    assert.ok(dev.every((item) => !questions.has(textOf(item))));
    assert.deepEqual(testItems(task, 'dev'), dev);
  }
  assert.equal(testItems('grounded', 'test')[7]!.id, 'grounded/test/7');
});

test('a grounded question has one source that answers, and distractors that share each half of its key', () => {
  for (const item of testItems('grounded', 'test')) {
    const { entity, attribute, value, citation } = item.gold;
    assert.deepEqual(
      answering(item).map((source) => [source.value, source.citation]),
      [[value, citation]],
    );
    assert.ok(sourcesOf(item).some((source) => source.entity === entity && source.attribute !== attribute));
    assert.ok(sourcesOf(item).some((source) => source.entity !== entity && source.attribute === attribute));
    assert.equal(item.messages[1].content, `${entity} ${attribute} ${value} ${citation} .`);
    assert.match(textOf(item), new RegExp(`question : .+ ${entity} ${attribute} \\?$`));
  }
});

test('where sources conflict, the more trusted one is right', () => {
  for (const item of [...testItems('conflict', 'test'), ...testItems('conflict-short', 'test')]) {
    const rank = (type: string) => sourceTypes.indexOf(type as SourceType);
    const ranked = answering(item).sort((a, b) => rank(a.type!) - rank(b.type!));
    assert.equal(ranked.length, 2);
    const stated = ranked.map(({ value, citation }) => ({ value, citation }));
    const { value, citation, rejected } = item.gold;
    assert.deepEqual(stated, [{ value, citation }, rejected]);
    assert.notEqual(rank(ranked[0]!.type!), rank(ranked[1]!.type!));
  }
});

test('an unanswerable question has no source that answers', () => {
  for (const item of testItems('unanswerable', 'test')) {
    assert.deepEqual(answering(item), []);
    assert.equal(item.messages[1].content, `${item.gold.entity} ${item.gold.attribute} not stated .`);
  }
});

test('closed tasks ask each fact once, of one half of the persons each', () => {
  const [trained, held] = [testItems('closed', 'test'), testItems('closed-held-out', 'test')];
  const facts = (items: readonly PocketItem[]) =>
    items.map(({ gold }) => `${gold.entity} ${gold.attribute} ${gold.value}`);
  const stored = world.stored.flatMap(({ name, facts: f }) => Object.entries(f).map(([a, v]) => `${name} ${a} ${v}`));
  assert.deepEqual([trained.length, held.length], [200, 200]);
  assert.deepEqual([...facts(trained), ...facts(held)].sort(), stored.sort());
});

test('entities come from the asked group of names', () => {
  const everyName = (group: 'never' | 'base' | 'trained') =>
    new Set(Object.values(world.names).flatMap((names) => names[group]));
  for (const names of ['never', 'base', 'trained'] as const) {
    const known = everyName(names);
    const entities = testItems('grounded', 'test', { names }).flatMap((item) => sourcesOf(item).map((s) => s.entity!));
    assert.ok(entities.every((entity) => known.has(entity)));
  }
});

test('wordings: held out and reversed', () => {
  assert.match(
    textOf(testItems('closed', 'test', { wording: 'held-out' })[0]!),
    /^question : will you please find \w+ \w+ \?$/,
  );
  assert.match(
    textOf(testItems('closed', 'test', { wording: 'reversed' })[0]!),
    /^question : give me the \w+ for \w+ \.$/,
  );
});

test('training asks neither about names of the test nor about the held-out persons', () => {
  const kept = new Set([
    ...Object.values(world.names).flatMap((names) => [...names.never, ...names.base]),
    ...world.stored.filter((_, i) => i % 2 === 1).map(({ name }) => name),
  ]);
  const chats = sftRows(3000, 1, world).flatMap((row) => ('messages' in row ? [row.messages] : []));
  assert.ok(chats.length > 2000);
  for (const messages of chats) {
    assert.ok(messages.every(({ content }) => content.split(' ').every((word) => !kept.has(word))));
    assert.ok(messages.every(({ content }) => !content.includes('will you please find')));
  }
});

test('the instruction mix follows its shares, and more rows only add to fewer', () => {
  const rows = sftRows(4000, 3, world);
  assert.deepEqual(rows.slice(0, 50), sftRows(50, 3, world));
  const total = Object.values(sftMix).reduce((sum, share) => sum + share, 0);
  const chatShare =
    Object.entries(sftMix).reduce((sum, [name, share]) => sum + (Object.hasOwn(pocketTasks, name) ? share : 0), 0) /
    total;
  const chats = rows.filter((row) => 'messages' in row).length;
  assert.ok(Math.abs(chats / 4000 - chatShare) < 4 * Math.sqrt((chatShare * (1 - chatShare)) / 4000));
});

test('an unknown task is answered with the nearest', () => {
  assert.throws(() => testItems('ground' as PocketTaskName, 'test'), {
    code: 'usage',
    message: '"ground" is no task of the pocket world.',
    help: /^tasks: grounded, /,
  });
});
