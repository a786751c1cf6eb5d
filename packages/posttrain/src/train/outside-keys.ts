import { isDeepStrictEqual } from 'node:util';
import type { ResolvedRecipe } from '../runs/index.ts';
import { feedbackIssues } from '../runs/recipe/consistency.ts';
import type { RecipeIssue } from '../runs/recipe/issues.ts';
import { shown } from '../runs/recipe/value-issues.ts';
import { PosttrainError } from '../support/errors.ts';
import type { StandardIssue, StandardResult } from '../support/standard-schema.ts';
import type { AnyMethodDefinition } from './define-method.ts';

type Keys = Readonly<Record<string, unknown>>;

/**
 * What a recipe says under `keys`, as the schema of its method gives it.
 * @returns what is wrong with it as issues of the recipe
 * @throws method-invalid where the schema gives what could not stand in a recipe
 */
export async function checkedKeys(
  { name, keys: schema }: AnyMethodDefinition,
  written: Keys,
  file: string,
): Promise<{ readonly keys: Keys; readonly issues: readonly RecipeIssue[] }> {
  if (!schema) return { keys: written, issues: Object.keys(written).map((key) => noKeys(name, key)) };
  const validate = async (value: unknown) => (await schema['~standard'].validate(value)) as StandardResult<Keys>;
  const result = await validate(written);
  if (result.issues) return { keys: written, issues: result.issues.map((issue) => issueOf(issue, written)) };
  const keys = result.value;
  const again = await validate(JSON.parse(JSON.stringify(keys)));
  if (!again.issues && isDeepStrictEqual(again.value, keys)) return { keys, issues: [] };
  throw new PosttrainError(
    'method-invalid',
    `the schema of ${name} gives keys that it would not read again the same.`,
    {
      place: { file },
      help: 'keys are kept as JSON in resolved.json, so defaults are fine, and values that change when they are read are not: transform them in objective().',
    },
  );
}

function noKeys(name: string, key: string): RecipeIssue {
  return {
    path: ['keys', key],
    at: 'key',
    message: `${name} has no keys, but keys.${key} is there.`,
    help: 'leave it out.',
  };
}

function issueOf({ message, path = [] }: StandardIssue, written: Keys): RecipeIssue {
  const own = path.map((part) => (typeof part === 'object' ? part.key : part)).map(asPart);
  const value = own.reduce<unknown>((inner, part) => (inner as Keys | undefined)?.[part], written);
  const key = ['keys', ...own].join('.');
  const text = message.replace(/\.$/, '');
  if (own.length > 0 && value === undefined)
    return { path: ['keys', ...own], at: 'key', message: `${key} is missing: ${text}.` };
  return {
    path: ['keys', ...own],
    at: 'value',
    message: own.length > 0 ? `${key} is ${shown(value)}: ${text}.` : `keys: ${text}.`,
  };
}

function asPart(part: PropertyKey): string | number {
  return typeof part === 'symbol' ? String(part) : part;
}

/** What a recipe says of rows that the method's own are not. */
export function misfits({ name, rows }: AnyMethodDefinition, recipe: ResolvedRecipe): RecipeIssue[] {
  if (rows === 'conversations') return [];
  const ofConversations = (['train', 'replay'] as const).filter((key) => recipe[key] !== undefined);
  return [
    ...ofConversations.map(
      (key): RecipeIssue => ({
        path: [key],
        at: 'key',
        message: `${key} is of conversations and texts, and ${name} learns from ${rows}.`,
        help: 'leave it out.',
      }),
    ),
    ...feedbackIssues(name, recipe.data),
  ];
}
