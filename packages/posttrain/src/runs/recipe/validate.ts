import type * as z from 'zod';
import { nearestFirst, nearestName } from '../../support/nearest.ts';
import { consistencyIssues } from './consistency.ts';
import { type RecipeIssue, recipeError } from './issues.ts';
import { keysOf, type MethodSchema, methodNamed, methodNames, type RecipeInput, type RecipeOutput } from './schema.ts';
import type { RecipeSource } from './source.ts';
import { unknownKeyIssue } from './unknown-keys.ts';
import { alternatives, valueIssues } from './value-issues.ts';

/**
 * Checks a recipe against the schema of its method and against itself.
 * @returns the recipe as written and with its static defaults.
 * @throws PosttrainError `recipe-invalid` with every issue found, each in its place.
 */
export function validateRecipe(written: unknown, source: RecipeSource): { input: RecipeInput; output: RecipeOutput } {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    const message = `a recipe is a mapping of keys, and this is ${Array.isArray(written) ? 'a list' : JSON.stringify(written)}.`;
    throw recipeError([{ path: [], at: 'value', message }], source);
  }
  const recipe = written as Readonly<Record<string, unknown>>;
  const definition = methodNamed(recipe['method']);
  if (definition === undefined) throw recipeError([methodIssue(recipe['method'])], source);

  const parsed = definition.schema.safeParse(recipe);
  if (parsed.success) {
    const issues = consistencyIssues(recipe as RecipeInput, parsed.data);
    if (issues.length > 0) throw recipeError(issues, source);
    return { input: recipe as RecipeInput, output: parsed.data };
  }
  throw recipeError(schemaIssues(parsed.error.issues, recipe, definition.schema), source);
}

function schemaIssues(
  issues: readonly z.core.$ZodIssue[],
  recipe: Readonly<Record<string, unknown>>,
  schema: MethodSchema,
): RecipeIssue[] {
  const keys = keysOf(schema);
  const found = valueIssues(issues, recipe, keys);
  const unknown = found.unknown.map((path) => unknownKeyIssue(path, recipe, keys));
  // Two names of one foreign setting, such as the two factors of a batch, are one mistake with one translation.
  const distinct = unknown.filter(
    (issue, index) => unknown.findIndex((other) => other.group === issue.group) === index,
  );
  return [...distinct, ...found.values, ...consistencyOfRest(found, recipe, schema)];
}

/** Where only unknown keys are in the way, the rest of the recipe can still be held against itself. */
function consistencyOfRest(
  found: { readonly values: readonly RecipeIssue[]; readonly unknown: readonly (readonly (string | number)[])[] },
  recipe: Readonly<Record<string, unknown>>,
  schema: MethodSchema,
): RecipeIssue[] {
  if (found.values.length > 0) return [];
  const rest = found.unknown.reduce<unknown>(without, recipe);
  const parsed = schema.safeParse(rest);
  return parsed.success ? consistencyIssues(rest as RecipeInput, parsed.data) : [];
}

/** A copy of `value` that lacks one key; what lies beside the path is shared. */
function without(value: unknown, path: readonly (string | number)[]): unknown {
  const [first, ...deeper] = path;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === first ? without(item, deeper) : item));
  const kept = Object.entries(value).filter(([key]) => key !== first || deeper.length > 0);
  return Object.fromEntries(kept.map(([key, inner]) => [key, key === first ? without(inner, deeper) : inner]));
}

function methodIssue(method: unknown): RecipeIssue {
  const help = `method is ${alternatives(methodNames)}; or a file that defines one, such as ./my-method.ts.`;
  if (method === undefined) return { path: ['method'], at: 'key', message: 'method is missing.', help };
  const meant = typeof method === 'string' ? nearestName(method, methodNames) : undefined;
  const choices = typeof method === 'string' ? nearestFirst(method, methodNames) : methodNames;
  return {
    path: ['method'],
    at: 'value',
    message: `method is ${JSON.stringify(method)}, but must be ${alternatives(choices)}.`,
    help: meant === undefined ? help : `did you mean ${meant}?`,
  };
}
