import type { Random } from '../../support/random.ts';
import type { Attribute, PersonAttribute } from './words.ts';

/** The canonical line: nothing stands between entity, attribute and value, because filler words delay the reading of keys. */
export function statement(entity: string, attribute: string, value: string): string {
  return `${entity} ${attribute} ${value}`;
}

const paraphrases: Record<PersonAttribute, (name: string, value: string) => string> = {
  town: (name, value) => `${name} lives in ${value} .`,
  trade: (name, value) => `${name} works as a ${value} .`,
  guild: (name, value) => `${name} joined the ${value} guild .`,
  year: (name, value) => `${name} was born in ${value} .`,
};
const reversed = (name: string, attribute: string, value: string): string =>
  `the ${attribute} of ${name} is ${value} .`;

const domainParaphrases: Record<Exclude<Attribute, PersonAttribute>, (name: string, value: string) => string> = {
  cure: (name, value) => `give ${name} for ${value} .`,
  dose: (name, value) => `give ${value} of ${name} .`,
  risk: (name, value) => `${name} will harm the ${value} .`,
  ban: (name, value) => `by ${name} ${value} is a ban .`,
  fine: (name, value) => `by ${name} the fine is ${value} .`,
  term: (name, value) => `in ${name} the term is ${value} .`,
};

/** One stored fact in one of three forms, mostly the canonical one: variety is what makes it retrievable. */
export function paraphrase(random: Random, name: string, attribute: Attribute, value: string): string {
  const form = random.float();
  if (form < 0.6) return `${statement(name, attribute, value)} .`;
  return form < 0.84
    ? { ...paraphrases, ...domainParaphrases }[attribute](name, value)
    : reversed(name, attribute, value);
}

/** Every word that only paraphrases about persons use, in order. Those of the domains are made of words that are there. */
export const paraphraseWords: readonly string[] = [
  ...Object.values(paraphrases).map((form) => form('', '')),
  reversed('', '', ''),
].flatMap((text) => text.split(' ').filter((word) => /^[a-z]+$/.test(word)));
