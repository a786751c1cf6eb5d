import type { Random } from '../../support/random.ts';
import type { Attribute } from './words.ts';

/** How a question is worded: as in training, by a template kept out of it, or with attribute and entity in reverse. */
export type Wording = 'trained' | 'held-out' | 'reversed';

type Template = (entity: string, attribute: Attribute) => string;

// The key stands as it does in the notes, entity before attribute: a stem that is copied in one piece is learnt far sooner.
const templates: Record<Wording, readonly Template[]> = {
  trained: [
    (e, a) => `what is ${e} ${a} ?`,
    (e, a) => `tell me ${e} ${a} ?`,
    (e, a) => `do you know ${e} ${a} ?`,
    (e, a) => `please give ${e} ${a} ?`,
    (e, a) => `i want to know ${e} ${a} ?`,
  ],
  'held-out': [(e, a) => `will you please find ${e} ${a} ?`],
  reversed: [(e, a) => `give me the ${a} for ${e} .`],
};

/** A question about one attribute of one entity. */
export function ask(random: Random, entity: string, attribute: Attribute, wording: Wording = 'trained'): string {
  return random.pick(templates[wording])(entity, attribute);
}

/** Every word of every template, in order. */
export const questionWords: readonly string[] = Object.values(templates)
  .flat()
  .flatMap((template) => template('', 'year').split(' '))
  .filter((word) => /^[a-z]+$/.test(word) && word !== 'year');
