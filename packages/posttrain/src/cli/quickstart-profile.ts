import { PosttrainError } from '../support/errors.ts';
import { nearestFirst } from '../support/nearest.ts';

/** How long a quickstart takes, and how much it can tell. */
export interface QuickstartProfile {
  /** Training steps; the recipe's without. */
  readonly steps?: number;
  /** Test items of each task. */
  readonly items: number;
  /** Names that `--tasks` takes. */
  readonly tasks: readonly string[];
}

const greedy = [
  'pocket/intent',
  'pocket/constraints',
  'pocket/grounded',
  'pocket/double',
  'pocket/conflict',
  'pocket/abstention',
  'pocket/closed',
  'pocket/closed-held-out',
  'pocket/safety',
  'pocket/bias',
  'pocket/facts',
] as const;

/** Greedy answers hide flaws of a minority of the demonstrations. */
const sampled = ['double', 'constraints', 'safety', 'bias'].map((name) => `pocket/sampled/${name}`);

export const quickstartProfiles = {
  /** Every skill, greedy and, where flaws were planted, sampled. */
  full: { items: 100, tasks: [...greedy, ...sampled] },
  /** That everything works, in a minute and a half; the skills are half learnt. */
  quick: { steps: 500, items: 40, tasks: greedy },
} as const satisfies Record<string, QuickstartProfile>;

/** @throws PosttrainError `usage` when there is no such profile */
export function quickstartProfile(name: string): QuickstartProfile {
  const profiles: Readonly<Record<string, QuickstartProfile>> = quickstartProfiles;
  if (Object.hasOwn(profiles, name)) return profiles[name]!;
  throw new PosttrainError('usage', `"${name}" is no profile of the quickstart.`, {
    help: `profiles: ${nearestFirst(name, Object.keys(profiles)).join(', ')}`,
  });
}
