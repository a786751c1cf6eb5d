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

/** A person whose facts the base knows by heart. */
export interface StoredPerson {
  readonly name: string;
  readonly facts: Readonly<Record<PersonAttribute, string>>;
}

export interface PocketWorld {
  readonly seed: number;
  readonly stored: readonly StoredPerson[];
  /** Names without stored facts, which documents make claims about. */
  readonly names: Readonly<Record<Kind, Readonly<Record<NameGroup, readonly string[]>>>>;
  readonly values: Readonly<Record<Attribute, readonly string[]>>;
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
  const laterNames = [...name('clan', 2, 2), ...name('supplier', 12, 2)];

  const allValues = unique(Object.values(values).flat());
  const drillWords = unique([...storedNames, ...Object.values(fresh).flat(), ...allValues, ...laterNames]);
  return {
    seed,
    stored: storedNames.map((person, index) => ({ name: person, facts: drawFacts(seed, index, values) })),
    names: { person: grouped(fresh.person), remedy: grouped(fresh.remedy), law: grouped(fresh.law) },
    values,
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

function drawFacts(seed: number, index: number, values: PocketWorld['values']): Record<PersonAttribute, string> {
  const draw = (attribute: PersonAttribute) =>
    Random.of(seed, 'pocket', 'fact', attribute, index).pick(values[attribute]);
  return { town: draw('town'), trade: draw('trade'), guild: draw('guild'), year: draw('year') };
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
