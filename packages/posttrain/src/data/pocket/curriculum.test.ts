import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../support/random.ts';
import { baseCurriculum, baseForms, stageNamed, stageRows } from './curriculum.ts';
import type { SegmentsRow } from './segments.ts';
import { kinds } from './words.ts';
import { createWorld } from './world.ts';

const world = createWorld();
const textOf = (row: SegmentsRow) => row.segments.map(({ text }) => text).join('');

/** A row as `word` where it weighs nothing and `word{weight}` elsewhere. */
const marked = (row: SegmentsRow) =>
  row.segments.flatMap(({ text, weight }) =>
    text
      .trim()
      .split(' ')
      .map((word) => (weight === 0 ? word : `${word}{${weight}}`)),
  );

const rowsOf = (form: keyof typeof baseForms, count = 200) =>
  Array.from({ length: count }, (_, i) => baseForms[form](world, Random.of(1, form, i)));

test('every row of every form is made of known words, begins with <bos> and has something to learn', () => {
  const known = new Set(world.vocabulary);
  for (const form of Object.keys(baseForms) as (keyof typeof baseForms)[]) {
    for (const row of rowsOf(form)) {
      const words = textOf(row).split(' ');
      assert.equal(words[0], '<bos>');
      assert.deepEqual(
        words.filter((word) => !known.has(word)),
        [],
        form,
      );
      assert.equal(row.segments[0]!.weight, 0);
      assert.ok(row.segments.some(({ weight }) => weight === 1));
    }
  }
});

test('a copy repeats the circle from another start, and all but the start is learnt', () => {
  const starts = new Set<number>();
  for (const row of rowsOf('copy')) {
    const [shown, again] = textOf(row)
      .replace('<bos> copy : ', '')
      .split(' | ')
      .map((part) => part.split(' '));
    const circle = shown!.slice(0, -1);
    assert.equal(shown!.at(-1), circle[0]);
    const start = circle.indexOf(again![0]!);
    assert.deepEqual(again, [...circle.slice(start), ...circle.slice(0, start), again![0]]);
    assert.equal(marked(row).filter((word) => word.endsWith('{1}')).length, circle.length);
    starts.add(start);
  }
  assert.equal(starts.size, 10);
});

test('in an ambiguous copy some word has two successors, but no pair of words has', () => {
  let ambiguous = 0;
  for (const row of rowsOf('ambiguous')) {
    const shown = textOf(row).replace('<bos> copy : ', '').split(' | ')[0]!.split(' ');
    const circle = shown.slice(0, -2);
    const next = (width: number) =>
      new Set(
        circle.map((_, i) =>
          shown
            .concat(circle.slice(2))
            .slice(i, i + width)
            .join(' '),
        ),
      ).size;
    assert.equal(next(2), circle.length);
    if (next(1) < circle.length) ambiguous++;
  }
  assert.ok(ambiguous > 190, `${ambiguous} of 200`);
});

test('triples repeat each key with its own value and number', () => {
  for (const row of rowsOf('numbered-triples')) {
    const [listed, again] = textOf(row)
      .replace('<bos> list : ', '')
      .split(' | ')
      .map((part) => part.split(' ,').map((t) => t.trim()));
    const flipped = listed!.filter(Boolean).map((line) => line.replace(/^(\[\d\]) (.+)$/, '$2 $1'));
    assert.deepEqual(again!.filter(Boolean).sort(), flipped.sort());
    const keys = flipped.map((line) => line.split(' ').slice(0, 2).join(' '));
    assert.equal(new Set(keys).size, keys.length);
  }
});

test('a recap states notes of the document with their numbers, and weighs its parts as designed', () => {
  for (const row of rowsOf('digest-long')) {
    const [notes, recap] = textOf(row).split(' recap : ');
    const lines = recap!
      .split(' .')
      .map((line) => line.trim())
      .filter(Boolean);
    for (const line of lines) {
      const [entity, attribute, value, number] = line.split(' ');
      assert.match(notes!, new RegExp(`\\${number} \\w+ : ${entity} ${attribute} ${value} \\.`));
    }
    const weights = marked(row)
      .slice(-5)
      .map((word) => word.match(/\{(.+)\}/)?.[1]);
    assert.deepEqual(weights, ['0.05', '0.1', '1', '1', '0.1']);
    assert.ok(lines.length <= 4);
  }
});

test('documents never make a claim about a name of the group "never", nor about a stored person', () => {
  const banned = new Set([
    ...kinds.flatMap((kind) => world.names[kind].never),
    ...world.stored.map(({ name }) => name),
  ]);
  for (const form of ['digest-easy', 'digest-short', 'digest-long', 'contents'] as const) {
    for (const row of rowsOf(form))
      assert.ok(
        textOf(row)
          .split(' ')
          .every((word) => !banned.has(word)),
      );
  }
});

test('a biography tells all of two persons, and only the values weigh one', () => {
  for (const row of rowsOf('biography', 50)) {
    const text = textOf(row).split(' ');
    const persons = world.stored.filter(({ name }) => text.includes(name));
    assert.equal(persons.length, 2);
    const values = persons.flatMap(({ facts }) => Object.values(facts)).sort();
    const heavy = marked(row).filter((word) => word.endsWith('{1}'));
    assert.deepEqual(heavy.map((word) => word.slice(0, -3)).sort(), values);
  }
});

test('a stage mixes its forms by their shares and repeats itself exactly', () => {
  const stage = { ...baseCurriculum[0]!, name: 'half', batch: 100, steps: 20, mix: { copy: 3, pairs: 1 } };
  const rows = [...stageRows(world, stage, 5)];
  assert.equal(rows.length, 2000);
  const copies = rows.filter((row) => textOf(row).startsWith('<bos> copy')).length;
  assert.ok(Math.abs(copies - 1500) < 4 * Math.sqrt(2000 * 0.75 * 0.25), `${copies} of 2000`);
  assert.deepEqual([...stageRows(world, { ...stage, steps: 1 }, 5)], rows.slice(0, 100));
});

test('a form that is taken out of the mix leaves the rows of the others', () => {
  const stage = { ...baseCurriculum[0]!, name: 'half', batch: 300, steps: 1 };
  const both = [...stageRows(world, { ...stage, mix: { copy: 1, pairs: 1 } }, 5)];
  const alone = [...stageRows(world, { ...stage, mix: { copy: 1 } }, 5)];
  const same = both.filter((row, i) => textOf(row) === textOf(alone[i]!)).length;
  assert.ok(same > 100);
  assert.equal(same, both.filter((row) => textOf(row).startsWith('<bos> copy')).length);
});

test('stages have names of their own, and an unknown one is answered with the nearest', () => {
  const names = baseCurriculum.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(stageNamed(names[0]!), baseCurriculum[0]);
  assert.throws(() => stageNamed('coppy'), { code: 'usage', message: '"coppy" is no stage of the pocket base.' });
});
