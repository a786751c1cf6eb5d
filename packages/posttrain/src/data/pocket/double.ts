import type { Random } from '../../support/random.ts';
import { drawKind, drawUnused } from './documents.ts';
import { between } from './drills.ts';
import type { Gold, PocketTask } from './items.ts';
import { ask } from './questions.ts';
import { claimText, listSources, type Source } from './sources.ts';
import { type Attribute, attributesOf, citations, sourceTypes } from './words.ts';
import type { NameGroup, PocketWorld } from './world.ts';

/** One of the facts that an answer is to state, and the source to cite for it. */
export interface CitedFact {
  readonly entity: string;
  readonly attribute: string;
  readonly value: string;
  readonly citation: string;
}

/** Two facts, in the order of the question. */
export interface DoubleGold extends Gold {
  readonly facts: readonly [CitedFact, CitedFact];
}

/** Two attributes of one name asked at once: `what is keten year and town ?` A flawed demonstration states both and cites the first only. */
export const doubleTask: PocketTask<DoubleGold> = {
  purpose: 'reading two facts: each is cited where it stands',
  draw: (world, random, { names, wording }) => {
    const { sources, asked, kind } = drawTwo(world, random, names);
    const facts = asked.map((source) => ({ ...factOf(source), citation: citations[sources.indexOf(source)]! }));
    const [first, second] = facts as [CitedFact, CitedFact];
    const question = ask(random, asked[0].entity, asked[0].attribute, wording);
    return {
      question: `${listSources(sources)} question : ${question.replace(/ [?.]$/, '')} and ${second.attribute} ?`,
      gold: {
        answer: `${claimText(asked[0])} ${first.citation} . ${claimText(asked[1])} ${second.citation} .`,
        facts: [first, second],
      },
      flaw: {
        name: kind === 'person' ? 'person-cited-once' : 'thing-cited-once',
        answer: `${claimText(asked[0])} ${first.citation} . ${claimText(asked[1])} .`,
      },
    };
  },
};

function factOf({ entity, attribute, value }: Source) {
  return { entity, attribute, value };
}

/** Two claims about one name, among claims about others that share an attribute with them. */
function drawTwo(world: PocketWorld, random: Random, names: NameGroup) {
  const kind = drawKind(random);
  const [entity, ...others] = random.sample(world.names[kind][names], 3) as [string, ...string[]];
  const [first, second] = random.sample<Attribute>(attributesOf[kind], 2) as [Attribute, Attribute];
  const distractors = others
    .slice(0, between(random, 1, 2))
    .map((other) => ({ entity: other, attribute: random.pick([first, second]) }));
  const used = new Set<string>();
  const claims = [{ entity, attribute: first }, { entity, attribute: second }, ...distractors].map((key): Source => {
    const value = drawUnused(random, world.values[key.attribute], used);
    return { ...key, value, type: random.pick(sourceTypes) };
  });
  return { kind, sources: random.shuffle(claims), asked: [claims[0]!, claims[1]!] as const };
}
