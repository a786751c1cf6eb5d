import type { Random } from '../../support/random.ts';
import { between } from './drills.ts';
import { drawEvidence } from './grounded.ts';
import type { PocketGold, PocketTask } from './items.ts';
import { ask } from './questions.ts';
import { claimText, listSources, type Source } from './sources.ts';
import { statement } from './statements.ts';
import { type Attribute, citations, mislaidThings } from './words.ts';

/** A demand on the form of an answer that a program can verify. */
export type FormConstraint =
  | { readonly kind: 'start' | 'end'; readonly phrase: string }
  | { readonly kind: 'without'; readonly word: string }
  | { readonly kind: 'sentences'; readonly count: number }
  | { readonly kind: 'uncited' | 'cited-twice' };

export interface ConstrainedGold extends PocketGold {
  readonly attribute: Attribute;
  readonly value: string;
  readonly citation: string;
  readonly constraint: FormConstraint;
}

const kinds = ['start', 'end', 'without', 'sentences', 'uncited', 'cited-twice'] as const;
const counts = ['one', 'two'] as const;

/** A grounded question with a demand on the form of its answer. A flawed demonstration gives the answer and ignores the demand. */
export const constraintsTask: PocketTask<ConstrainedGold> = {
  purpose: 'form: the answer is as demanded, and still right',
  draw: (world, random, { names, wording }) => {
    const { sources, gold } = drawEvidence(world, random, {
      names,
      evidence: 'single',
      count: between(random, 3, 4),
    });
    const right = { ...gold, value: gold.value!, citation: gold.citation! };
    const constraint = drawConstraint(random, right);
    const demand = demandOf(constraint, wording === 'held-out' ? 'held-out' : 'trained');
    const question = ask(random, gold.entity, gold.attribute, wording === 'reversed' ? 'reversed' : 'trained');
    const others = sources.filter(({ value }) => value !== gold.value).map((source) => cited(source, sources));
    return {
      question: `${listSources(sources)} question : ${question} ${demand} .`,
      gold: { ...right, answer: follow(constraint, right, others), constraint },
      flaw: {
        name: constraint.kind === 'end' || constraint.kind === 'cited-twice' ? 'ending-ignored' : 'form-ignored',
        answer: ignore(constraint, right, others),
      },
    };
  },
};

function drawConstraint(random: Random, { attribute }: PocketGold): FormConstraint {
  const kind = random.pick(kinds);
  if (kind === 'start' || kind === 'end') return { kind, phrase: `my ${random.pick(mislaidThings)}` };
  if (kind === 'without') return { kind, word: attribute };
  if (kind === 'sentences') return { kind, count: between(random, 1, counts.length) };
  return { kind };
}

function demandOf(constraint: FormConstraint, wording: 'trained' | 'held-out'): string {
  const trained = wording === 'trained';
  switch (constraint.kind) {
    case 'start':
    case 'end':
      return `${trained ? '' : 'please '}${constraint.kind} with ${constraint.phrase}`;
    case 'without':
      return trained ? `answer without the word ${constraint.word}` : `do not say ${constraint.word}`;
    case 'sentences':
      return `${trained ? 'answer' : 'say'} exactly ${counts[constraint.count - 1]}`;
    case 'uncited':
      return `${trained ? '' : 'please '}do not cite`;
    case 'cited-twice':
      return `${trained ? '' : 'please '}cite twice`;
  }
}

type Right = Pick<ConstrainedGold, 'entity' | 'attribute' | 'value' | 'citation'>;

/** @param others what the other sources say, each as a cited sentence */
function follow(constraint: FormConstraint, right: Right, others: readonly string[]): string {
  const { entity, attribute, value, citation } = right;
  const stem = statement(entity, attribute, value);
  switch (constraint.kind) {
    case 'start':
      return `${constraint.phrase} ${plain(right)}`;
    case 'end':
      return `${stem} ${citation} ${constraint.phrase} .`;
    case 'without':
      return `${stem
        .split(' ')
        .filter((word) => word !== constraint.word)
        .join(' ')} ${citation} .`;
    case 'sentences':
      return [plain(right), ...others.slice(0, constraint.count - 1)].join(' ');
    case 'uncited':
      return `${stem} .`;
    case 'cited-twice':
      return `${stem} ${citation} ${citation} .`;
  }
}

/** The plain answer, or, where that is what was demanded, one sentence too many. */
function ignore(constraint: FormConstraint, right: Right, others: readonly string[]): string {
  const one = constraint.kind === 'sentences' && constraint.count === 1;
  return one ? `${plain(right)} ${others[0]}` : plain(right);
}

function plain({ entity, attribute, value, citation }: Right): string {
  return `${statement(entity, attribute, value)} ${citation} .`;
}

function cited(source: Source, sources: readonly Source[]): string {
  return `${claimText(source)} ${citations[sources.indexOf(source)]} .`;
}
