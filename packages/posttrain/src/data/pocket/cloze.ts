import { Random } from '../../support/random.ts';
import { openNote } from './documents.ts';
import type { Attribute } from './words.ts';
import { createWorld, type Domain, type PocketWorld } from './world.ts';

/** The beginning of a page and what may stand next: what a model knows without any form of question. */
export interface ClozeItem {
  readonly id: string;
  /** From `<bos>` on, up to the key. */
  readonly prompt: string;
  readonly entity: string;
  readonly attribute: Attribute;
  readonly value: string;
  /** Every value of the attribute, or of the page; the right one is among them. */
  readonly values: readonly string[];
}

/** One item for each stored fact: of the persons, whom the base knows, or of a domain. */
export function factCloze(about: 'persons' | Domain, world: PocketWorld = createWorld()): ClozeItem[] {
  const entities = about === 'persons' ? world.stored : world.domains[about];
  return entities.flatMap(({ name, facts }) =>
    (Object.entries(facts) as [Attribute, string][]).map(([attribute, value]) => ({
      id: `${about}/${name}/${attribute}`,
      prompt: `<bos> ${name} ${attribute}`,
      entity: name,
      attribute,
      value,
      values: world.values[attribute],
    })),
  );
}

const noteCounts = { dev: 200, test: 400 } as const;

/** Notes of the kind that the base was trained on, about other claims: whether it still reads them. */
export function noteCloze(split: 'dev' | 'test', world: PocketWorld = createWorld()): ClozeItem[] {
  return Array.from({ length: noteCounts[split] }, (_, index) => {
    const { prompt, claims, asked } = openNote(world, Random.of(world.seed, 'pocket', 'items', 'notes', split, index));
    return { id: `notes/${split}/${index}`, prompt, ...asked, values: claims.map(({ value }) => value) };
  });
}
