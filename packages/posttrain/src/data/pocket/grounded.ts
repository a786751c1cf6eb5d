import type { Random } from '../../support/random.ts';
import { drawKind, drawUnused } from './documents.ts';
import { between } from './drills.ts';
import type { PocketGold, PocketTask } from './items.ts';
import { ask } from './questions.ts';
import { listSources, type Source } from './sources.ts';
import { statement } from './statements.ts';
import { type Attribute, attributesOf, citations, type Kind, type SourceType, sourceTypes } from './words.ts';
import type { NameGroup, PocketWorld } from './world.ts';

/** Whether the sources answer the question once, not at all, or twice with different values. */
export type Evidence = 'single' | 'none' | 'conflict';

const purposes: Record<Evidence, string> = {
  single: 'reading: one source answers, and is cited',
  none: 'abstention: no source answers',
  conflict: 'authority: two sources disagree, and the more trusted one is right',
};

/**
 * Questions over `fewest` to `most` numbered sources of different trust. Where there is room, one distractor is about
 * the same entity and another states the same attribute, so neither word of the key is enough.
 */
export function groundedTask(evidence: Evidence, fewest = 3, most = 4): PocketTask<PocketGold> {
  return {
    purpose: purposes[evidence],
    draw: (world, random, { names, wording }) => {
      const { sources, gold } = drawEvidence(world, random, { names, evidence, count: between(random, fewest, most) });
      return {
        question: `${listSources(sources)} question : ${ask(random, gold.entity, gold.attribute, wording)}`,
        gold,
      };
    },
  };
}

export interface EvidenceOptions {
  readonly names: NameGroup;
  readonly evidence: Evidence;
  /** Of sources. */
  readonly count: number;
  /** What is asked; drawn where it is not given. */
  readonly about?: { readonly kind: Kind; readonly attribute: Attribute };
}

/** Sources, and the answer that they give to a question about one attribute of one entity. */
export function drawEvidence(
  world: PocketWorld,
  random: Random,
  { names, evidence, count, about }: EvidenceOptions,
): { readonly sources: readonly Source[]; readonly gold: PocketGold & { readonly attribute: Attribute } } {
  const kind = about?.kind ?? drawKind(random);
  const attributes: readonly Attribute[] = attributesOf[kind];
  const [entity, ...others] = random.sample(world.names[kind][names], 5) as [string, ...string[]];
  const attribute = about?.attribute ?? random.pick(attributes);
  const used = new Set<string>();
  const claim = (about: string, what: Attribute, type: SourceType = random.pick(sourceTypes)): Source => ({
    entity: about,
    attribute: what,
    value: drawUnused(random, world.values[what], used),
    type,
  });

  const answers = answerTypes(random, evidence).map((type) => claim(entity, attribute, type));
  const room = count - answers.length;
  const siblings = random.shuffle(attributes.filter((candidate) => candidate !== attribute));
  const sameEntity = Math.min(room, between(random, 1, Math.max(1, Math.min(siblings.length, room - 1))));
  const distractors = [
    ...siblings.slice(0, sameEntity).map((what) => claim(entity, what)),
    ...others.slice(0, room - sameEntity).map((other, i) => {
      const what = i === 0 || random.float() < 0.6 ? attribute : random.pick(attributes);
      return claim(other, what);
    }),
  ];
  const sources = random.shuffle([...answers, ...distractors]);
  return { sources, gold: goldOf(entity, attribute, sources, answers) };
}

/** The types of the sources that answer, the most trusted first. */
function answerTypes(random: Random, evidence: Evidence): SourceType[] {
  if (evidence === 'none') return [];
  if (evidence === 'single') return [random.pick(sourceTypes)];
  const two = random.sample(sourceTypes, 2);
  return sourceTypes.filter((type) => two.includes(type));
}

/** What to say where no source answers. */
export function notStated(entity: string, attribute: string): string {
  return `${entity} ${attribute} not stated .`;
}

function goldOf(entity: string, attribute: Attribute, sources: readonly Source[], answers: readonly Source[]) {
  const [right, wrong] = answers.map((answer) => ({
    value: answer.value,
    citation: citations[sources.indexOf(answer)]!,
  }));
  if (right === undefined) {
    return { answer: notStated(entity, attribute), entity, attribute, value: null, citation: null };
  }
  const answer = `${statement(entity, attribute, right.value)} ${right.citation} .`;
  return { answer, entity, attribute, ...right, ...(wrong && { rejected: wrong }) };
}
