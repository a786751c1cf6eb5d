import type { Random } from '../../support/random.ts';
import type { DrawnItem, DrawOptions, PocketGold, PocketTask } from './items.ts';
import { ask } from './questions.ts';
import { statement } from './statements.ts';
import type { Attribute } from './words.ts';
import type { PocketWorld, StoredEntity } from './world.ts';

/** Questions about stored persons, without sources. Every other person is kept out of training. */
export function closedTask(half: 'trained' | 'held-out'): PocketTask<PocketGold> {
  const personsOf = (world: PocketWorld) =>
    world.stored.filter((_, index) => (index % 2 === 0) === (half === 'trained'));
  return {
    purpose:
      half === 'trained'
        ? 'recall of stored facts about the persons whose questions were trained'
        : 'recall of stored facts about persons no question of whom was trained',
    draw: (world, random, options) => drawClosed(personsOf(world), random, options),
    all: (world, random, options) => everyClosed(personsOf(world), random, options),
  };
}

/** Questions about what only a domain's documents tell. All facts are asked; training draws from every other name. */
export function domainTask(domain: 'law' | 'medicine'): PocketTask<PocketGold> {
  return {
    purpose: `recall of what the documents of ${domain} tell, which the base has not read`,
    draw: (world, random, options) =>
      drawClosed(
        world.domains[domain].filter((_, index) => index % 2 === 0),
        random,
        options,
      ),
    all: (world, random, options) => everyClosed(world.domains[domain], random, options),
  };
}

function drawClosed(entities: readonly StoredEntity[], random: Random, options: DrawOptions): DrawnItem<PocketGold> {
  const entity = random.pick(entities);
  return closedItem(random, entity, random.pick(attributesIn(entity)), options);
}

function everyClosed(entities: readonly StoredEntity[], random: Random, options: DrawOptions): DrawnItem<PocketGold>[] {
  return entities.flatMap((entity) =>
    attributesIn(entity).map((attribute) => closedItem(random, entity, attribute, options)),
  );
}

function closedItem(
  random: Random,
  { name: entity, facts }: StoredEntity,
  attribute: Attribute,
  options: DrawOptions,
): DrawnItem<PocketGold> {
  const value = facts[attribute]!;
  return {
    question: `question : ${ask(random, entity, attribute, options.wording)}`,
    gold: { answer: `${statement(entity, attribute, value)} .`, entity, attribute, value, citation: null },
  };
}

const attributesIn = ({ facts }: StoredEntity) => Object.keys(facts) as Attribute[];
