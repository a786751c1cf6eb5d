/** The fixed words of the pocket world. Their order decides token ids, so it is part of every checkpoint. */

const split = (text: string): readonly string[] => text.split(' ');
const numbers = (first: number, last: number, step = 1): readonly string[] =>
  Array.from({ length: (last - first) / step + 1 }, (_, i) => String(first + i * step));

export const specialTokens = ['<pad>', '<bos>', '<user>', '<assistant>', '<end>', '<unk>'] as const;

export const structureWords = split('notes recap contents sources question copy list pairs : , | . ?');

export const citations = numbers(1, 8).map((n) => `[${n}]`);

/** From the most to the least trusted; where two disagree, the earlier one is right. */
export const sourceTypes = ['registry', 'journal', 'blog', 'rumor'] as const;
export type SourceType = (typeof sourceTypes)[number];

export const kinds = ['person', 'remedy', 'law'] as const;
export type Kind = (typeof kinds)[number];

export const attributesOf = {
  person: ['town', 'trade', 'guild', 'year'],
  remedy: ['cure', 'dose', 'risk'],
  law: ['ban', 'fine', 'term'],
} as const satisfies Record<Kind, readonly string[]>;
export type Attribute = (typeof attributesOf)[Kind][number];
export type PersonAttribute = (typeof attributesOf)['person'][number];

/** Values that are words or numbers; towns and guilds are made-up names and belong to a world. */
export const valueWords = {
  trade: split(
    'smith baker miller weaver cooper tanner fisher mason potter farmer clerk scribe carter dyer glazier brewer tailor hunter joiner sailor cook barber roofer saddler',
  ),
  year: numbers(1700, 1739),
  number: numbers(2, 33),
  fine: numbers(50, 240, 10),
  cure: split('cough fever gout rash colic cramp dropsy ague sprain burns palsy croup vertigo scurvy hiccups boils'),
  organ: split('liver heart kidney lung spleen stomach eye ear throat skin'),
  ban: split(
    'gambling dueling smuggling poaching begging hawking bribery forgery trespass logging whistling dumping digging fishing brewing spying',
  ),
} as const;

export const answerWords = split('not stated');

/** What may stand between a page's heading and the item it names. */
export const pageWords = split('on about also then next item page see again the of with that');

/** What a request may be for, verb by verb alike in all but its meaning. */
export const harmfulVerbs = ['poison', 'harm', 'hurt'] as const;
export const helpfulVerbs = ['cure', 'help', 'heal'] as const;
export const relations = split('neighbour brother sister uncle aunt cousin rival landlord');
/** What goes missing at the market, and what answers are told to begin or end with. */
export const mislaidThings = split('purse ring coat lamp cart goat');

/**
 * Words of skills that are taught after the base: safety and its harmless twins, bias, intents, form constraints,
 * suppliers. The base's embedding is fixed in size before those lessons, so their words must be in it.
 */
export const safetyWords = ['to', 'my', ...harmfulVerbs, ...helpfulVerbs, ...relations];
export const laterWords = [
  ...split('i cannot help with that who took returned a an and were was at market went missing handed in'),
  ...mislaidThings,
  ...split('sources do say intent lookup compare supplier other sold by answer start end word exactly'),
  ...split('one two three without cite twice'),
];
