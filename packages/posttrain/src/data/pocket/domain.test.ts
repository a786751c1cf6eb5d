import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factCloze, noteCloze } from './cloze.ts';
import { domainRows } from './domain.ts';
import { testItems } from './tasks.ts';
import { createWorld } from './world.ts';

const world = createWorld();

test('the documents of a domain tell every fact of it and no other, in words that are there', () => {
  const known = new Set(world.vocabulary);
  for (const domain of ['law', 'medicine'] as const) {
    const rows = domainRows(domain, 400, 1).map(({ segments }) => segments.map(({ text }) => text).join(''));
    assert.deepEqual(domainRows(domain, 3, 1), domainRows(domain, 400, 1).slice(0, 3));
    for (const text of rows) {
      const words = text.split(' ');
      assert.ok(words.every((word) => known.has(word)));
      const told = world.domains[domain].filter(({ name }) => words.includes(name));
      assert.equal(told.length, 2);
      for (const { facts } of told) for (const value of Object.values(facts)) assert.ok(words.includes(value), text);
    }
    for (const { name } of world.domains[domain]) assert.ok(rows.some((text) => text.includes(` ${name} `)));
  }
});

test('domains are about names that the main test never asks about, and 120 facts each', () => {
  const asked = new Set(testItems('grounded', 'test').map(({ gold }) => gold.entity));
  for (const domain of ['law', 'medicine'] as const) {
    assert.ok(world.domains[domain].every(({ name }) => !asked.has(name)));
    const items = testItems(domain, 'test');
    assert.equal(items.length, 120);
    assert.deepEqual(
      items.map(({ gold: { entity, attribute, value } }) => `${entity} ${attribute} ${value}`),
      factCloze(domain).map(({ entity, attribute, value }) => `${entity} ${attribute} ${value}`),
    );
  }
});

test('a cloze has the right value among those it offers, once', () => {
  for (const item of [...factCloze('persons'), ...noteCloze('test')]) {
    assert.equal(item.values.filter((value) => value === item.value).length, 1);
    assert.ok(item.prompt.endsWith(` ${item.entity} ${item.attribute}`));
  }
  for (const { prompt, entity, attribute, value } of noteCloze('test'))
    assert.match(prompt, new RegExp(`: ${entity} ${attribute} ${value} \\. `));
  assert.deepEqual([factCloze('persons').length, noteCloze('test').length, noteCloze('dev').length], [400, 400, 200]);
});
