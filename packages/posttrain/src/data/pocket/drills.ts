import type { Random } from '../../support/random.ts';
import { context, type SegmentsRow, segmentsRow, type WeightedWord, weigh } from './segments.ts';
import { citations } from './words.ts';

/** Meaningless lists that teach a small model to look things up in its context, which documents alone do not. */

/**
 * `copy : a b c a | b c a b`: the list goes on in a circle from a random start. Starting where the list starts would teach
 * counting instead. The first word after the bar cannot be known and weighs nothing.
 */
export function rotatedCopy(random: Random, words: readonly string[], shortest: number, longest: number): SegmentsRow {
  const list = random.sample(words, between(random, shortest, longest));
  const start = random.int(list.length);
  const again = rotate(list, start);
  return segmentsRow([
    ...context(`<bos> copy : ${list.join(' ')} ${list[0]} | ${again[0]}`),
    ...weigh([...again.slice(1), again[0]].join(' '), 1),
  ]);
}

/** As `rotatedCopy`, over half as many words as places: one word back is ambiguous, two are not. */
export function ambiguousCopy(random: Random, words: readonly string[]): SegmentsRow {
  const list = drawAmbiguous(random, words);
  const again = rotate(list, random.int(list.length));
  const [first, second] = again;
  return segmentsRow([
    ...context(`<bos> copy : ${list.join(' ')} ${list[0]} ${list[1]} | ${first} ${second}`),
    ...weigh([...again.slice(2), first, second].join(' '), 1),
  ]);
}

function drawAmbiguous(random: Random, words: readonly string[]): string[] {
  for (;;) {
    const length = between(random, 5, 10);
    const few = random.sample(words, Math.max(3, Math.ceil(length / 2)));
    const list = Array.from({ length }, () => random.pick(few));
    const neighbours = new Set(list.map((word, i) => `${word} ${list[(i + 1) % length]}`));
    if (neighbours.size === length) return list;
  }
}

/** `pairs : a b , c d , | c d , a b ,`: the second word follows from the first. */
export function pairs(random: Random, words: readonly string[]): SegmentsRow {
  const count = between(random, 2, 4);
  const drawn = random.sample(words, 2 * count);
  const rows = Array.from({ length: count }, (_, i) => [drawn[2 * i]!, drawn[2 * i + 1]!] as const);
  return segmentsRow([
    ...context(`<bos> pairs : ${rows.map((row) => `${row.join(' ')} ,`).join(' ')} |`),
    ...random.shuffle(rows).flatMap(([key, value]): WeightedWord[] => [
      [key, 0],
      [value, 1],
      [',', 0],
    ]),
  ]);
}

export interface TripleOptions {
  readonly most: number;
  /** Number the rows, and give each row's number after its value. */
  readonly numbered?: boolean;
}

/**
 * `list : e a v , e b w , | e b w , e a v ,`: rows of a small grid, so that only both words of the key tell a value.
 * Reading a two-word key is the step that takes longest to learn.
 */
export function triples(random: Random, words: readonly string[], options: TripleOptions): SegmentsRow {
  const keys = drawGrid(random, between(random, 2, options.most));
  const drawn = random.sample(words, keys.entities + keys.attributes + keys.cells.length);
  const values = drawn.slice(keys.entities + keys.attributes);
  const rows = keys.cells.map(([entity, attribute], i) => ({
    key: `${drawn[entity]} ${drawn[keys.entities + attribute]}`,
    value: values[i]!,
    number: citations[i]!,
  }));
  const listed = rows.map(({ key, value, number }) => `${options.numbered ? `${number} ` : ''}${key} ${value} ,`);
  return segmentsRow([
    ...context(`<bos> list : ${listed.join(' ')} |`),
    ...random
      .shuffle(rows)
      .flatMap(({ key, value, number }): WeightedWord[] => [
        ...context(key),
        [value, 1],
        ...(options.numbered ? weigh(number, 1) : []),
        [',', 0],
      ]),
  ]);
}

/** Some cells of an entity × attribute grid, of one column, one row, two rows or two columns. */
function drawGrid(random: Random, count: number) {
  const half = Math.ceil(count / 2);
  const shape = random.float();
  const [entities, attributes] =
    shape < 0.3 ? [count, 1] : shape < 0.4 ? [1, count] : shape < 0.7 ? [2, half] : [half + 1, 2];
  const all = Array.from({ length: entities * attributes }, (_, i): [entity: number, attribute: number] => [
    i % entities,
    Math.floor(i / entities),
  ]);
  return { entities, attributes, cells: random.sample(all, count) };
}

/** A uniform integer in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + random.int(high - low + 1);
}

function rotate(list: readonly string[], start: number): string[] {
  return [...list.slice(start), ...list.slice(0, start)];
}
