import { Random } from '../../support/random.ts';
import { makeNames } from './names.ts';
import { questionWords } from './questions.ts';
import { paraphraseWords } from './statements.ts';
import * as words from './words.ts';
import { type Attribute, attributesOf, type Kind, type PersonAttribute } from './words.ts';

/** The seed of the embedded world, whose vocabulary the embedded checkpoint has. */
export const pocketSeed = 7;

/** What training has seen of a name: nothing, notes of the base alone, or the base's notes and questions. */
export type NameGroup = 'never' | 'base' | 'trained';

/** A name with facts that hold wherever no document says otherwise. */
export interface StoredEntity {
  readonly name: string;
  readonly facts: Readonly<Partial<Record<Attribute, string>>>;
}

/** A person whose facts the base knows by heart. */
export interface StoredPerson extends StoredEntity {
  readonly facts: Readonly<Record<PersonAttribute, string>>;
}

/** What domain adaptation teaches: remedies, and laws. */
export type Domain = 'medicine' | 'law';
const kindOf = { medicine: 'remedy', law: 'law' } as const satisfies Record<Domain, Kind>;
const storedPerDomain = 40;

export interface PocketWorld {
  readonly seed: number;
  readonly stored: readonly StoredPerson[];
  /** What only the documents of a domain tell, about names that the main test does not ask about. */
  readonly domains: Readonly<Record<Domain, readonly StoredEntity[]>>;
  /** Names without stored facts, which documents make claims about. */
  readonly names: Readonly<Record<Kind, Readonly<Record<NameGroup, readonly string[]>>>>;
  readonly values: Readonly<Record<Attribute, readonly string[]>>;
  /** Ill is thought of the first. */
  readonly clans: readonly [string, string];
  /** Who sells remedies; none is better than another. */
  readonly suppliers: readonly string[];
  /** Every value of every attribute, once. */
  readonly allValues: readonly string[];
  /** The words of the drills: all names and values. */
  readonly drillWords: readonly string[];
  /** The few of them that the first drills use. */
  readonly firstDrillWords: readonly string[];
  /** Every word there is; the index is the token id. */
  readonly vocabulary: readonly string[];
}

/** The world of a seed: the same lists, facts and token ids every time. */
export function createWorld(seed: number = pocketSeed): PocketWorld {
  const taken = new Set(fixedWords());
  const name = (pool: string, count: number, syllables: number) => makeNames(seed, pool, count, syllables, taken);
  const storedNames = name('stored', 100, 2);
  const fresh = { person: name('person', 200, 2), remedy: name('remedy', 100, 3), law: name('law', 100, 3) };
  const values = valuesOf(name('town', 40, 2), name('guild', 16, 2));
  const clans = name('clan', 2, 2) as [string, string];
  const suppliers = name('supplier', 12, 2);

  const allValues = unique(Object.values(values).flat());
  const drillWords = unique([...storedNames, ...Object.values(fresh).flat(), ...allValues, ...clans, ...suppliers]);
  const names = { person: grouped(fresh.person), remedy: grouped(fresh.remedy), law: grouped(fresh.law) };
  const domain = (of: Domain) =>
    names[kindOf[of]].trained
      .slice(0, storedPerDomain)
      .map((entity, index) => ({ name: entity, facts: drawFacts(seed, index, attributesOf[kindOf[of]], values) }));
  return {
    seed,
    stored: storedNames.map((person, index) => ({
      name: person,
      facts: drawFacts(seed, index, attributesOf.person, values),
    })),
    domains: { medicine: domain('medicine'), law: domain('law') },
    names,
    values,
    clans,
    suppliers,
    allValues,
    drillWords,
    firstDrillWords: Random.of(seed, 'pocket', 'first drill words').sample(drillWords, 64),
    vocabulary: unique([...fixedWords(), ...drillWords]),
  };
}

function valuesOf(towns: readonly string[], guilds: readonly string[]): Record<Attribute, readonly string[]> {
  const { trade, year, number, fine, cure, organ, ban } = words.valueWords;
  return { town: towns, trade, guild: guilds, year, cure, dose: number, risk: organ, ban, fine, term: number };
}

function drawFacts<A extends Attribute>(
  seed: number,
  index: number,
  attributes: readonly A[],
  values: PocketWorld['values'],
): Record<A, string> {
  const draw = (attribute: A) => Random.of(seed, 'pocket', 'fact', attribute, index).pick(values[attribute]);
  return Object.fromEntries(attributes.map((attribute) => [attribute, draw(attribute)])) as Record<A, string>;
}

/** One name in five is never an entity, one is known from the base's notes only; the rest is trained on. */
function grouped(names: readonly string[]): Record<NameGroup, readonly string[]> {
  const of = (...rests: readonly number[]) => names.filter((_, index) => rests.includes(index % 5));
  return { never: of(0), base: of(1), trained: of(2, 3, 4) };
}

function fixedWords(): string[] {
  return unique([
    ...words.specialTokens,
    ...words.structureWords,
    ...words.citations,
    ...words.sourceTypes,
    ...Object.values(attributesOf).flat(),
    ...words.answerWords,
    ...Object.values(words.valueWords).flat(),
    ...questionWords,
    ...paraphraseWords,
    ...words.pageWords,
    ...words.safetyWords,
    ...words.laterWords,
  ]);
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
