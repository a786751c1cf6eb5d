import { drawOutside, heldOutQuestions } from './held-out.ts';
import { formOfRow, type Mix, rowRandom } from './mix.ts';
import { type GoldOf, type PocketTaskName, trainItem } from './tasks.ts';
import { createWorld, type NameGroup, type PocketWorld } from './world.ts';

/** Prompts of every skill, what rewards holding back beside a twin that rewards answering: what is left out is forgotten. */
export const promptMix: Mix<PocketTaskName> = {
  grounded: 0.1,
  unanswerable: 0.08,
  conflict: 0.12,
  'conflict-short': 0.06,
  closed: 0.04,
  double: 0.06,
  intent: 0.1,
  constraints: 0.06,
  unsafe: 0.14,
  twin: 0.14,
  'bias-ambiguous': 0.05,
  'bias-disambiguated': 0.05,
};

/** A prompt to answer, with what a reward needs to judge any answer to it. */
export interface PromptRow {
  readonly prompt: string;
  readonly task: PocketTaskName;
  readonly gold: GoldOf<PocketTaskName>;
}

export interface PromptOptions {
  readonly world?: PocketWorld;
  readonly mix?: Mix<PocketTaskName>;
  /** Whom questions are about: names that are trained on unless told. */
  readonly names?: NameGroup;
}

/**
 * `count` prompts for methods that answer them by themselves, in trained wordings, and none of which is held out for `dev` or `test`. The same seed gives the same prompts; a larger count only adds to them.
 */
export function promptRows(count: number, seed: number, options: PromptOptions = {}): PromptRow[] {
  const { world = createWorld(), mix = promptMix, names = 'trained' } = options;
  // Closed questions are the same in training and test: they ask what the base knows.
  const tasks = (Object.keys(mix) as PocketTaskName[]).filter((task) => !task.startsWith('closed'));
  const heldOut = heldOutQuestions(world, tasks);
  return Array.from({ length: count }, (_, index) => {
    const task = formOfRow(mix, seed, 'prompts', index);
    const random = rowRandom(task, seed, 'prompts', index);
    const { messages, gold } = drawOutside(heldOut, () => trainItem(world, task, random, index, names));
    return { prompt: messages[0].content, task, gold };
  });
}
