import { Random } from '../../support/random.ts';

const consonants = [...'bdfgklmnprstvz'];
const vowels = [...'aeiou'];
const endings = [...'nrls'];

/** What chance may spell and a made-up name should not be: places, peoples, slurs. */
const unfortunate = ['fagul', 'fago', 'kafir', 'nazi', 'nazis', 'paris', 'penis', 'rape', 'rapes', 'semen', 'sodom'];

/**
 * `count` pronounceable words of `syllables` consonant–vowel pairs, six in ten with a closing consonant.
 * Each index draws from a stream of its own, so one name that is taken moves no other.
 *
 * @param taken words that exist already; the new names are added to it
 */
export function makeNames(seed: number, pool: string, count: number, syllables: number, taken: Set<string>): string[] {
  return Array.from({ length: count }, (_, index) => {
    const random = Random.of(seed, 'pocket', 'names', pool, index);
    for (;;) {
      const name = makeName(random, syllables);
      if (taken.has(name) || unfortunate.includes(name)) continue;
      taken.add(name);
      return name;
    }
  });
}

function makeName(random: Random, syllables: number): string {
  let name = '';
  for (let i = 0; i < syllables; i++) name += random.pick(consonants) + random.pick(vowels);
  return random.float() < 0.6 ? name + random.pick(endings) : name;
}
