import type { Random } from '../../support/random.ts';
import type { DrawnItem, DrawOptions, PocketTask } from './items.ts';
import { ask } from './questions.ts';
import { statement } from './statements.ts';
import { attributesOf, type PersonAttribute } from './words.ts';
import type { PocketWorld, StoredPerson } from './world.ts';

/** Questions about stored persons, without sources. Every other person is kept out of training. */
export function closedTask(half: 'trained' | 'held-out'): PocketTask {
  const personsOf = (world: PocketWorld) =>
    world.stored.filter((_, index) => (index % 2 === 0) === (half === 'trained'));
  return {
    purpose:
      half === 'trained'
        ? 'recall of stored facts about the persons whose questions were trained'
        : 'recall of stored facts about persons no question of whom was trained',
    draw: (world, random, options) =>
      closedItem(random, random.pick(personsOf(world)), random.pick(attributesOf.person), options),
    all: (world, random, options) =>
      personsOf(world).flatMap((person) =>
        attributesOf.person.map((attribute) => closedItem(random, person, attribute, options)),
      ),
  };
}

function closedItem(random: Random, person: StoredPerson, attribute: PersonAttribute, options: DrawOptions): DrawnItem {
  const { name: entity, facts } = person;
  const value = facts[attribute];
  return {
    question: `question : ${ask(random, entity, attribute, options.wording)}`,
    gold: { answer: `${statement(entity, attribute, value)} .`, entity, attribute, value, citation: null },
  };
}
