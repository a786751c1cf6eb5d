import type { Random } from '../../support/random.ts';
import { between } from './drills.ts';
import { fillerWords } from './fillers.ts';
import { context, type SegmentsRow, segmentsRow, type WeightedWord, weigh } from './segments.ts';
import { paraphrase, statement } from './statements.ts';
import { type Attribute, attributesOf, citations, type Kind, sourceTypes } from './words.ts';
import type { PocketWorld, StoredEntity } from './world.ts';

/** One claim that a document makes, which holds in that document only. */
export interface Claim {
  readonly entity: string;
  readonly attribute: Attribute;
  readonly value: string;
}

export interface DigestOptions {
  readonly fewest: number;
  readonly most: number;
  /** Spread the notes over as many entities as notes, with one attribute or three. */
  readonly easy?: boolean;
  /** The share of documents whose values are any values, whatever the attribute: guessing by type is then no help. */
  readonly anyValue?: number;
}

/** Persons are half of what documents are about. */
export function drawKind(random: Random): Kind {
  const x = random.float();
  return x < 0.5 ? 'person' : x < 0.75 ? 'remedy' : 'law';
}

/**
 * Numbered notes about names without stored facts, then a recap of up to four of them in another order, each with its number.
 * Only the recap is learnt, and there mostly the value and the number: the entity that comes next is a matter of chance.
 */
export function digest(world: PocketWorld, random: Random, options: DigestOptions): SegmentsRow {
  const claims = drawClaims(world, random, options);
  const numbered = claims.map((claim, i) => ({ ...claim, number: citations[i]! }));
  const recap = random.sample(numbered, 4).flatMap(({ entity, attribute, value, number }): WeightedWord[] => [
    [entity, 0.05],
    [attribute, 0.1],
    [value, 1],
    [number, 1],
    ['.', 0.1],
  ]);
  return segmentsRow([...context(`<bos> ${notes(random, claims)} recap :`), ...recap]);
}

/** Notes, then for one to three of them a heading that ends in its key, and its recap: stem, value and number. */
export function contents(world: PocketWorld, random: Random): SegmentsRow {
  const claims = drawClaims(world, random, { fewest: 2, most: 5 });
  const numbered = claims.map((claim, i) => ({ ...claim, number: citations[i]! }));
  const chosen = random.sample(numbered, between(random, 1, 3));
  const entries = chosen.flatMap(({ entity, attribute, value, number }): WeightedWord[] => {
    const filler = random.sample(fillerWords, between(random, 0, 4));
    return [
      ...context(['contents :', ...filler, entity, attribute, '. recap :'].join(' ')),
      ...weigh(`${statement(entity, attribute, value)} ${number}`, 1),
      ['.', 0.1],
    ];
  });
  return segmentsRow([...context(`<bos> ${notes(random, claims)}`), ...entries]);
}

/** All that is stored of two persons, each fact in one of its forms. */
export function biography(world: PocketWorld, random: Random): SegmentsRow {
  return storedFacts(world.stored, random);
}

/** All that is stored of two of the entities. */
export function storedFacts(entities: readonly StoredEntity[], random: Random): SegmentsRow {
  const lines = random.sample(entities, 2).flatMap(({ name, facts }) =>
    random.shuffle(Object.entries(facts) as [Attribute, string][]).flatMap(([attribute, value]): WeightedWord[] => {
      const text = paraphrase(random, name, attribute, value).split(' ');
      return text.map((word) => [word, word === value ? 1 : 0.1]);
    }),
  );
  return segmentsRow([...context('<bos>'), ...lines]);
}

/** Notes up to the key of one of them, whose value comes next. */
export function openNote(
  world: PocketWorld,
  random: Random,
): { readonly prompt: string; readonly claims: readonly Claim[]; readonly asked: Claim } {
  const claims = drawClaims(world, random, { fewest: 3, most: 5 });
  const asked = random.pick(claims);
  return { prompt: `<bos> ${notes(random, claims)} recap : ${asked.entity} ${asked.attribute}`, claims, asked };
}

/** `notes : [1] registry : keten year 1724 . [2] …` */
function notes(random: Random, claims: readonly Claim[]): string {
  const lines = claims.map(
    ({ entity, attribute, value }, i) =>
      `${citations[i]} ${random.pick(sourceTypes)} : ${statement(entity, attribute, value)} .`,
  );
  return `notes : ${lines.join(' ')}`;
}

function drawClaims(world: PocketWorld, random: Random, options: DigestOptions): Claim[] {
  const kind = drawKind(random);
  const count = between(random, options.fewest, options.most);
  const grid = options.easy ? { entities: count, attributes: random.pick([1, 3]) } : drawShape(random, count);
  const { base, trained } = world.names[kind];
  const entities = random.sample([...base, ...trained], grid.entities);
  const attributes: Attribute[] = random.sample<Attribute>(attributesOf[kind], grid.attributes);
  const keys = entities.flatMap((entity) => attributes.map((attribute) => ({ entity, attribute })));
  const anyValue = random.float() < (options.anyValue ?? 0);
  const used = new Set<string>();
  return random.sample(keys, count).map((key) => ({
    ...key,
    value: drawUnused(random, anyValue ? world.allValues : world.values[key.attribute], used),
  }));
}

/** Few entities with several attributes each, so that both words of the key matter. */
function drawShape(random: Random, count: number) {
  const attributes = random.pick([1, 2, 2, 3]);
  const entities = Math.max(2, Math.ceil(count / attributes)) + random.int(2);
  return { entities: Math.min(entities, count), attributes };
}

/** A value that no other claim of the document has, so that a value tells its source. */
export function drawUnused(random: Random, values: readonly string[], used: Set<string>): string {
  for (;;) {
    const value = random.pick(values);
    if (used.has(value)) continue;
    used.add(value);
    return value;
  }
}
