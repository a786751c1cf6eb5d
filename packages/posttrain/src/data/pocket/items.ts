import type { Random } from '../../support/random.ts';
import type { Flaw } from './flaws.ts';
import type { Wording } from './questions.ts';
import type { NameGroup, PocketWorld } from './world.ts';

/** What every task's gold has: the right answer, word for word. */
export interface Gold {
  readonly answer: string;
}

/** What the right answer about one value says, and what a scorer needs to judge another answer. */
export interface PocketGold extends Gold {
  readonly entity: string;
  readonly attribute: string;
  /** The right value; null where the sources do not state it. */
  readonly value: string | null;
  /** The number of the source that states it, such as `[2]`; null where none is due. */
  readonly citation: string | null;
  /** What a less trusted source says instead. */
  readonly rejected?: { readonly value: string; readonly citation: string };
}

export type ItemSplit = 'train' | 'dev' | 'test';

/** A question with its right answer, in the form of a chat row. */
export interface PocketItem<G extends Gold = Gold> {
  /** `task/split/index`, for joining results of two models. */
  readonly id: string;
  readonly task: string;
  readonly split: ItemSplit;
  readonly messages: readonly [
    { readonly role: 'user'; readonly content: string },
    { readonly role: 'assistant'; readonly content: string },
  ];
  readonly gold: G;
  /** How a flawed demonstration answers it, for tasks that have such. */
  readonly flaw?: Flaw;
}

/** Which names and wordings an item may use. */
export interface DrawOptions {
  readonly names: NameGroup;
  readonly wording: Wording;
}

export interface DrawnItem<G extends Gold = Gold> {
  readonly question: string;
  readonly gold: G;
  readonly flaw?: Flaw;
}

/** One kind of question. A new skill is a new member of the registry in `tasks.ts`. */
export interface PocketTask<G extends Gold = Gold> {
  readonly purpose: string;
  /** The name of the streams that held-out items draw from; tasks that share one ask about the same things. Its own without. */
  readonly stream?: string;
  draw(world: PocketWorld, random: Random, options: DrawOptions): DrawnItem<G>;
  /** Where there are only so many different questions, all of them; otherwise items are drawn. */
  all?(world: PocketWorld, random: Random, options: DrawOptions): DrawnItem<G>[];
}
