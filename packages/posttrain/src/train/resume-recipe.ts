import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';

/** Keys that change where and how often things happen, not what is learnt. */
const free = new Set(['threads', 'every']);

/**
 * A run goes on with the recipe it began with, or its bits would mean nothing: what `auto` was then, it is now, however
 * much memory is free today. Only what is given for `threads` and `every` counts.
 * @param begun the recipe in the run folder, with every `auto` settled. @throws recipe-invalid naming each key that differs.
 */
export function resumedRecipe(begun: ResolvedRecipe, given: ResolvedRecipe): ResolvedRecipe {
  const differences = compare(begun, given, '').filter(({ key }) => !free.has(key.split('.')[0]!));
  if (differences.length === 0)
    return { ...begun, threads: given.threads === 'auto' ? begun.threads : given.threads, every: given.every };
  const lines = differences.map(({ key, before, now }) => `${key}: began with ${before}, now ${now}`);
  throw new PosttrainError(
    'recipe-invalid',
    `the recipe is not the one this run began with:\n  ${lines.join('\n  ')}`,
    {
      help: 'set the keys back to go on with this run, or start another in a folder of its own.',
      data: { differences },
    },
  );
}

function compare(begun: unknown, given: unknown, key: string): { key: string; before: string; now: string }[] {
  if (given === 'auto' || begun === given) return [];
  if (isPlain(begun) && isPlain(given)) {
    const keys = [...new Set([...Object.keys(begun), ...Object.keys(given)])];
    return keys.flatMap((name) => compare(begun[name], given[name], key ? `${key}.${name}` : name));
  }
  return [{ key, before: JSON.stringify(begun) ?? 'nothing', now: JSON.stringify(given) ?? 'nothing' }];
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
