import type { Random } from '../../support/random.ts';
import type { Gold, PocketTask } from './items.ts';
import { type Attribute, attributesOf, type Kind, kinds, mislaidThings, relations } from './words.ts';
import type { NameGroup, PocketWorld } from './world.ts';

export const intents = ['lookup', 'compare', 'cure', 'dose', 'ban', 'fine', 'term', 'supplier'] as const;
/** What fits no intent. */
export const outOfScope = 'other';
export type IntentLabel = (typeof intents)[number] | typeof outOfScope;

export interface IntentGold extends Gold {
  readonly label: IntentLabel;
}

/** Draws the words of a message; each holds a name, so that a message of the test has never been trained. */
interface Draw {
  name(kind: Kind): string;
  one(attribute: Attribute): string;
  /** Two names of a kind. */
  two(kind: Kind): readonly [string, string];
  kind(): Kind;
  attribute(kind: Kind): Attribute;
  supplier(): string;
  relation(): string;
  thing(): string;
}

interface Wordings {
  readonly trained: readonly ((d: Draw) => string)[];
  readonly heldOut: (d: Draw) => string;
}

const messages: Record<IntentLabel, Wordings> = {
  lookup: {
    trained: [
      (d) => `tell me about ${d.name('person')} ?`,
      (d) => `${d.name('person')} works as what ?`,
      (d) => `what guild is ${d.name('person')} in ?`,
      (d) => `i want to know what town ${d.name('person')} lives in ?`,
    ],
    heldOut: (d) => `do you know what year ${d.name('person')} was born ?`,
  },
  compare: {
    trained: [
      (d) => comparison(d, 'give'),
      (d) => comparison(d, 'what is'),
      (d) => comparison(d, 'tell me'),
      (d) => comparison(d, 'please find'),
    ],
    heldOut: (d) => comparison(d, 'i want to know'),
  },
  cure: {
    trained: [
      (d) => `what will ${d.name('remedy')} cure ?`,
      (d) => `will ${d.name('remedy')} heal my ${d.relation()} of ${d.one('cure')} ?`,
      (d) => `is ${d.name('remedy')} a cure for ${d.one('cure')} ?`,
    ],
    heldOut: (d) => `do you know what ${d.name('remedy')} will heal ?`,
  },
  dose: {
    trained: [
      (d) => `what is the dose of ${d.name('remedy')} ?`,
      (d) => `please give the dose of ${d.name('remedy')} for my ${d.relation()} ?`,
      (d) => `is ${d.one('dose')} a dose of ${d.name('remedy')} ?`,
    ],
    heldOut: (d) => `i want to know the dose of ${d.name('remedy')} ?`,
  },
  ban: {
    trained: [
      (d) => `what will ${d.name('law')} ban ?`,
      (d) => `is ${d.one('ban')} on the ban of ${d.name('law')} ?`,
      (d) => `tell me the ban of ${d.name('law')} ?`,
    ],
    heldOut: (d) => `do you know what ${d.name('law')} will ban ?`,
  },
  fine: {
    trained: [
      (d) => `what is the fine of ${d.name('law')} ?`,
      (d) => `is ${d.one('fine')} the fine for ${d.one('ban')} in ${d.name('law')} ?`,
      (d) => `tell me the fine of ${d.name('law')} ?`,
    ],
    heldOut: (d) => `please find the fine for ${d.one('ban')} in ${d.name('law')} ?`,
  },
  term: {
    trained: [
      (d) => `what is the term of ${d.name('law')} ?`,
      (d) => `is ${d.one('term')} the term for ${d.one('ban')} in ${d.name('law')} ?`,
      (d) => `please give the term of ${d.name('law')} ?`,
    ],
    heldOut: (d) => `do you know the term for ${d.one('ban')} in ${d.name('law')} ?`,
  },
  supplier: {
    trained: [
      (d) => `who sold ${d.name('remedy')} ?`,
      (d) => `is ${d.name('remedy')} sold by ${d.supplier()} ?`,
      (d) => `tell me by who ${d.name('remedy')} is sold ?`,
    ],
    heldOut: (d) => `do you know who sold ${d.name('remedy')} to my ${d.relation()} ?`,
  },
  // Some are far from every intent; the last ones are near: persons and remedies, but none of the eight.
  other: {
    trained: [
      (d) => `${d.name('person')} took my ${d.thing()} .`,
      (d) => `the ${d.thing()} of ${d.name('person')} went missing .`,
      (d) => `is ${d.name('person')} at the market ?`,
      (d) => `what is the risk of ${d.name('remedy')} ?`,
      (d) => `will ${d.name('remedy')} harm the ${d.one('risk')} ?`,
    ],
    heldOut: (d) => `do you know who handed the ${d.thing()} to ${d.name('person')} ?`,
  },
};

/** A message that is one of eight intents or none of them, without sources. */
export const intentTask: PocketTask<IntentGold> = {
  purpose: 'intent: what a message wants, or that it wants none of these',
  draw: (world, random, { names, wording }) => {
    const label = random.float() < 0.2 ? outOfScope : random.pick(intents);
    const { trained, heldOut } = messages[label];
    const message = (wording === 'held-out' ? heldOut : random.pick(trained))(drawing(world, random, names));
    return { question: `intent : ${message}`, gold: { answer: `${label} .`, label } };
  },
};

function comparison(d: Draw, opening: string): string {
  const kind = d.kind();
  const [first, second] = d.two(kind);
  return `${opening} ${first} and ${second} ${d.attribute(kind)} ?`;
}

function drawing(world: PocketWorld, random: Random, names: NameGroup): Draw {
  const pool = (kind: Kind) => world.names[kind][names];
  return {
    name: (kind) => random.pick(pool(kind)),
    one: (attribute) => random.pick(world.values[attribute]),
    two: (kind) => random.sample(pool(kind), 2) as [string, string],
    kind: () => random.pick(kinds),
    attribute: (kind) => random.pick<Attribute>(attributesOf[kind]),
    supplier: () => random.pick(world.suppliers),
    relation: () => random.pick(relations),
    thing: () => random.pick(mislaidThings),
  };
}
