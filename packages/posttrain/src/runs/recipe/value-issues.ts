import type * as z from 'zod';
import { nearestFirst } from '../../support/nearest.ts';
import type { RecipeIssue } from './issues.ts';
import type { RecipeKeys } from './schema.ts';
import { keyPath, valueAt } from './unknown-keys.ts';

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

const typeWords: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  object: 'a mapping of keys',
  array: 'a list',
  tuple: 'a list',
};

/** Zod's issues in this package's words: what the value is, what it must be, and what the key is for. Unknown keys come apart. */
export function valueIssues(
  issues: readonly Issue[],
  recipe: unknown,
  keys: RecipeKeys,
): { values: RecipeIssue[]; unknown: Path[] } {
  const flat = issues.flatMap((issue) => flatten(issue, []));
  const unknown = flat.flatMap(({ path, issue }) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [],
  );
  const values = flat
    .filter(({ issue }) => issue.code !== 'unrecognized_keys')
    .map((found) => describe(found, recipe, keys));
  return { values, unknown };
}

interface Found {
  readonly path: Path;
  readonly issue: Issue;
}

/** Of a union, the branch whose type the value has speaks; where there is none, the union itself does. */
function flatten(issue: Issue, prefix: Path): Found[] {
  const path = [...prefix, ...(issue.path as Path)];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, issue }];
  const branches = issue.errors.filter((branch) => !branch.some(isWrongKind));
  const [only] = branches;
  return only !== undefined && branches.length === 1
    ? only.flatMap((inner) => flatten(inner, path))
    : [{ path, issue }];
}

function isWrongKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function describe({ path, issue }: Found, recipe: unknown, keys: RecipeKeys): RecipeIssue {
  const key = path.join('.');
  const value = valueAt(recipe, path);
  const purpose = keys.get(keyPath(path));
  if (value === undefined) return { path, at: 'key', message: `${key} is missing.`, help: purpose };
  const unquoted =
    typeof value === 'string' &&
    value.trim() !== '' &&
    Number.isFinite(Number(value)) &&
    requirement(issue, value).includes('number');
  return {
    path,
    at: 'value',
    message: `${key} is ${shown(value)}, but must be ${requirement(issue, value)}.`,
    help: unquoted ? `write ${value} without quotes.` : isSweep(value, issue) ? sweepHelp : purpose,
  };
}

const sweepHelp =
  'a list for a value is a sweep, and one run has one value. posttrain study tries each: docs/studies.md.';

function isSweep(value: unknown, issue: Issue): boolean {
  return Array.isArray(value) && value.length > 0 && !acceptable(issue, value).some((one) => one.startsWith('a list'));
}

function requirement(issue: Issue, value: unknown): string {
  return alternatives(acceptable(issue, value));
}

/** What the value may be instead, each as a person would say it. */
function acceptable(issue: Issue, value: unknown): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [
        typeof value === 'number' && !Number.isFinite(value)
          ? 'a finite number'
          : (typeWords[issue.expected] ?? issue.expected),
      ];
    case 'invalid_value':
      return choices(issue.values, value);
    case 'too_small':
      return [bound(issue.origin, issue.inclusive !== false ? 'at least' : 'above', issue.minimum)];
    case 'too_big':
      return [bound(issue.origin, issue.inclusive !== false ? 'at most' : 'below', issue.maximum)];
    case 'invalid_union':
      if ('options' in issue && issue.options !== undefined) return choices(issue.options, value);
      return [
        ...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).flatMap((inner) => acceptable(inner, value)))),
      ];
    default:
      return [issue.message];
  }
}

function bound(origin: string, words: string, limit: number | bigint): string {
  if (origin === 'string') return 'a text that is not empty';
  return origin === 'array' ? `a list of ${words} ${limit}` : `${words} ${limit}`;
}

function choices(values: readonly unknown[], value: unknown): string[] {
  const names = values.filter((choice) => choice !== undefined).map(String);
  return typeof value === 'string' ? nearestFirst(value, names) : names;
}

/** `a, b or c` */
export function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** A value as a person wrote it, cut where it is long. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
