import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Random } from '../../support/random.ts';
import type { PocketGold, PocketItem } from './items.ts';
import { sftMix, sftRows } from './sft.ts';
import { type PocketTaskName, pocketTasks, testItems, trainItem } from './tasks.ts';
import { type SourceType, sourceTypes } from './words.ts';
import { createWorld } from './world.ts';

const world = createWorld();
const textOf = (item: PocketItem) => item.messages[0].content;

/** The sources of a question as rows. */
const sourcesOf = (item: PocketItem) =>
  [...textOf(item).matchAll(/(\[\d\]) (\w+) : (\w+) (\w+) (\w+) \./g)].map(
    ([, citation, type, entity, attribute, value]) => ({ citation, type, entity, attribute, value }),
  );

const answering = (item: PocketItem<PocketGold>) =>
  sourcesOf(item).filter(({ entity, attribute }) => entity === item.gold.entity && attribute === item.gold.attribute);

/** First digits of the hash of a task's items, held-out ones of every kind and 200 for training. */
const frozen: Readonly<Record<PocketTaskName, string>> = {
  closed: '044538c8855bc435',
  'closed-held-out': 'f4dae1e8d6812f95',
  grounded: '14aed4bf8d79535d',
  conflict: '339b3e4370164f14',
  'conflict-short': 'b8e2ec0d2b859488',
  unanswerable: '4fb5b8687253c8ee',
  double: '14a27a155cd7f246',
  intent: 'f95e52f380db529e',
  constraints: '04da892019feb051',
  unsafe: 'ee3af989882c18b5',
  twin: '2b199f7499cd0379',
  'bias-ambiguous': '488a72e8a32b88ff',
  'bias-disambiguated': '06263dabb49e9889',
  law: '1413ff588f0ff44b',
  medicine: 'fce3160504e04634',
};

test('the items of every task are frozen: results of other items cannot be compared', () => {
  for (const [task, expected] of Object.entries(frozen) as [PocketTaskName, string][]) {
    const hash = createHash('sha256');
    for (const split of ['dev', 'test'] as const)
      for (const names of ['base', 'never', 'trained'] as const)
        for (const wording of ['trained', 'held-out', 'reversed'] as const)
          hash.update(JSON.stringify(testItems(task, split, { names, wording })));
    for (let i = 0; i < 200; i++) hash.update(JSON.stringify(trainItem(world, task, Random.of(1, 'hash', task, i), i)));
    assert.equal(hash.digest('hex').slice(0, 16), expected, task);
  }
});

test('every word of every task is one of the vocabulary', () => {
  const known = new Set(world.vocabulary);
  for (const task of Object.keys(pocketTasks) as PocketTaskName[])
    for (const wording of ['trained', 'held-out'] as const)
      for (const { messages, flaw } of testItems(task, 'test', { wording }))
        for (const text of [...messages.map(({ content }) => content), ...(flaw ? [flaw.answer] : [])])
          assert.deepEqual(
            text.split(' ').filter((word) => !known.has(word)),
            [],
            task,
          );
});

test('dev has 200 items and test 400, each different from the other, and the same every time', () => {
  for (const task of ['grounded', 'conflict', 'unanswerable', 'double', 'constraints', 'unsafe'] as const) {
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
  const facts = (items: readonly PocketItem<PocketGold>[]) =>
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
  const chats = sftRows(3000, 1).flatMap((row) => ('messages' in row ? [row.messages] : []));
  assert.ok(chats.length > 2000);
  const untrained =
    /will you please find|please find who|do not say|please (?:start|end|cite)|say exactly|who handed the/;
  for (const messages of chats) {
    assert.ok(messages.every(({ content }) => content.split(' ').every((word) => !kept.has(word))));
    assert.doesNotMatch(messages[0]!.content, untrained);
  }
});

test('the instruction mix follows its shares, and more rows only add to fewer', () => {
  const rows = sftRows(4000, 3);
  assert.deepEqual(rows.slice(0, 50), sftRows(50, 3));
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
