import { nearestName } from '../../support/nearest.ts';
import { foreignName, translate } from './foreign-translation.ts';
import type { RecipeIssue } from './issues.ts';
import type { RecipeKeys } from './schema.ts';

/** What to say of a key the schema does not have: another trainer's name, a key of another place, a typo, or nothing like it. */
export function unknownKeyIssue(
  path: readonly (string | number)[],
  recipe: Readonly<Record<string, unknown>>,
  keys: RecipeKeys,
): RecipeIssue & { readonly group: unknown } {
  const key = String(path.at(-1));
  const shown = path.join('.');
  const foreign = foreignName(key);
  if (foreign !== undefined) {
    return { path, at: 'key', group: foreign, ...translate(shown, foreign, valueAt(recipe, path), recipe) };
  }
  const parent = keyPath(path.slice(0, -1));
  const siblings = [...keys.keys()].filter((candidate) => parentOf(candidate) === parent).map(lastPart);
  return {
    path,
    at: 'key',
    group: shown,
    message: `unknown key "${shown}".`,
    help: suggestion(key, parent, siblings, keys),
  };
}

function suggestion(key: string, parent: string, siblings: readonly string[], keys: RecipeKeys): string {
  const elsewhere = [...keys.keys()].filter((candidate) => lastPart(candidate) === key);
  if (elsewhere.length > 0) return `it belongs elsewhere: ${elsewhere.join(' or ')}.`;
  const sibling = nearestName(key, siblings);
  if (sibling !== undefined) return `did you mean ${sibling}?`;
  const distant = nearestName(key, [...keys.keys()].map(lastPart));
  if (distant !== undefined) {
    return `did you mean ${[...keys.keys()].filter((candidate) => lastPart(candidate) === distant).join(' or ')}?`;
  }
  return `the keys ${parent === '' ? 'of a recipe' : `of ${parent}`} are ${siblings.join(', ')}.`;
}

/** `['data', 'train', 0, 'path']` is the key `data.train.path`: items of a list have no name. */
export function keyPath(path: readonly (string | number)[]): string {
  return path.filter((part) => typeof part === 'string').join('.');
}

export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[part] : undefined,
    value,
  );
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function parentOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('.')));
}
