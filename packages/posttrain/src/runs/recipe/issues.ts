import { type ErrorPlace, PosttrainError } from '../../support/errors.ts';
import type { RecipeSource } from './source.ts';

/** One thing wrong with a recipe. `path` is where; `at` says whether the key or its value is to be pointed at. */
export interface RecipeIssue {
  readonly path: readonly (string | number)[];
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly help?: string | undefined;
  /** Where it stands in the text, when the path cannot say so: a syntax error has no key. */
  readonly position?: { readonly line: number; readonly column: number };
}

/**
 * All that is wrong with a recipe, as one error: its place where there is one issue, a list where there are more.
 * @param what a study file is checked in the same way
 */
export function recipeError(
  issues: readonly RecipeIssue[],
  source: RecipeSource,
  what: 'recipe' | 'study' = 'recipe',
): PosttrainError {
  const code = `${what}-invalid` as const;
  const placed = issues
    .map((issue) => ({ ...issue, place: placeOf(issue, source) }))
    .sort((a, b) => textOrder(a.place) - textOrder(b.place));
  const data = { issues: placed.map(({ message, help, place }) => ({ message, help, ...place })) };
  const [first, ...others] = placed;
  if (first !== undefined && others.length === 0) {
    return new PosttrainError(code, first.message, { help: first.help, place: first.place, data });
  }
  const lines = placed.map(({ message, help, place }) => {
    const start = place.line === undefined ? '' : `${place.line}:${place.column} `;
    const from = place.file === source.file || place.file === undefined ? start : `${place.file}: `;
    return `  ${from}${message}${help === undefined ? '' : `\n    help: ${help.replaceAll('\n', '\n          ')}`}`;
  });
  return new PosttrainError(code, `the ${what} has ${placed.length} problems.\n${lines.join('\n')}`, {
    place: source.file === undefined ? undefined : { file: source.file },
    data,
  });
}

/**
 * An error that was found where the text of the recipe is not known, such as in the engine, with its places in the text.
 * @returns anything else as it is
 */
export function placedInRecipe(thrown: unknown, source: RecipeSource): unknown {
  if (!PosttrainError.is(thrown)) return thrown;
  const { code, message, help, place, data, cause } = thrown;
  const found = (data?.['issues'] ?? []) as readonly { message: string; help?: string; key?: string }[];
  if (code === 'recipe-invalid' && found.length > 0 && place?.file === undefined)
    return recipeError(
      found.map((issue) => ({ ...issue, path: issue.key?.split('.') ?? [], at: 'value' })),
      source,
    );
  if (place?.key === undefined || place.file !== undefined) return thrown;
  const located = placeOf({ path: place.key.split('.'), at: 'value', message }, source);
  return new PosttrainError(code, message, { help, place: located, data, cause });
}

function placeOf(issue: RecipeIssue, source: RecipeSource): ErrorPlace {
  const key = issue.path.join('.');
  const override = source.overridden.find(
    ({ path }) => `${key}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${key}.`),
  );
  if (override !== undefined) return { file: `the override ${override.text}`, key };
  const position = issue.position ?? source.locate?.(issue.path, issue.at);
  return { ...(source.file === undefined ? {} : { file: source.file }), ...position, ...(key === '' ? {} : { key }) };
}

/** Issues in the order of the text; those without a line come first. */
function textOrder(place: ErrorPlace): number {
  return (place.line ?? 0) * 10_000 + (place.column ?? 0);
}
