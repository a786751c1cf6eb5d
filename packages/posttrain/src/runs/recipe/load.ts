import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { PosttrainError } from '../../support/errors.ts';
import type { Recipe } from './recipe.generated.ts';
import type { RecipeSource } from './source.ts';

/** A recipe that has been checked, and what it came from. */
export interface LoadedRecipe {
  /** As written, with overrides set, environment variables filled in and paths made absolute; defaults are not filled in. */
  readonly recipe: Recipe;
  /** The recipe as it was given, to be kept in the run folder. */
  readonly given: { readonly name: string; readonly text: string };
  /** The overrides as they were given, such as `lr=2e-5`. */
  readonly overrides: readonly string[];
  /** Where relative paths of the recipe start: the folder of its file, or the current one. */
  readonly folder: string;
  /** Where its keys stand. */
  readonly source: RecipeSource;
}

export interface LoadRecipeOptions {
  /** Where the relative paths of an object and of overrides start; the current folder when left out. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and checks a recipe: an object, or a .yaml, .yml, .json, .ts, .js or .mjs file. Only the last three run code.
 * @param overrides texts such as `lr=2e-5` or `data.maxTokens=512`, set in order.
 * @throws PosttrainError `file-missing`, `file-unreadable`, `usage`, or `recipe-invalid` with every issue in its place.
 */
export async function loadRecipe(
  recipe: string | Recipe,
  overrides: readonly string[] = [],
  { cwd = process.cwd(), env = process.env }: LoadRecipeOptions = {},
): Promise<LoadedRecipe> {
  const [{ applyOverrides, parseOverride }, { validateRecipe }, { absolutePaths }] = await Promise.all([
    import('./overrides.ts'),
    import('./validate.ts'),
    import('./paths.ts'),
  ]);
  const changes = overrides.map(parseOverride);
  const read = typeof recipe === 'string' ? await readRecipe(recipe, cwd, env) : readObject(recipe, cwd);
  const source: RecipeSource = { ...read.source, overridden: changes };
  const { input } = validateRecipe(applyOverrides(read.value, changes), source);
  return { recipe: absolutePaths(input, source, cwd), given: read.given, overrides, folder: source.folder, source };
}

/** A recipe as it stands in its file or object, not checked yet. */
export interface ReadRecipe {
  readonly value: unknown;
  readonly source: RecipeSource;
  readonly given: LoadedRecipe['given'];
}

function readObject(recipe: Recipe, cwd: string): ReadRecipe {
  const given = { name: 'recipe.json', text: `${JSON.stringify(recipe, withFunctionNames, 2)}\n` };
  return { value: recipe, source: { file: undefined, folder: cwd, text: undefined, overridden: [] }, given };
}

/** A reward may be a function, which JSON would leave out. */
function withFunctionNames(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? `function:${value.name}` : value;
}

/** Reads a recipe file, with environment variables filled in. @throws as {@link loadRecipe}, but for what is wrong with keys and values */
export async function readRecipe(
  file: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ReadRecipe> {
  const path = resolve(cwd, file);
  const extension = extname(path).toLowerCase();
  const known = ['.yaml', '.yml', '.json', '.ts', '.mts', '.js', '.mjs'];
  if (!known.includes(extension)) {
    throw new PosttrainError(
      'usage',
      `${file} is not a recipe file: its name ends in ${extension === '' ? 'nothing' : extension}.`,
      {
        help: `a recipe ends in ${known.join(', ')}.`,
      },
    );
  }
  const text = await readText(path, file);
  const source = { file, folder: dirname(path), text, overridden: [] };
  const given = { name: `recipe${extension === '.yml' ? '.yaml' : extension}`, text };
  if (!['.yaml', '.yml', '.json'].includes(extension)) {
    const { loadRecipeModule } = await import('./load-code.ts');
    return { value: await loadRecipeModule(path, file), source, given };
  }
  const [{ parseRecipeText }, { expandEnvironment }, { recipeError }] = await Promise.all([
    import('./parse-text.ts'),
    import('./environment.ts'),
    import('./issues.ts'),
  ]);
  const parsed = parseRecipeText(source);
  const expanded = expandEnvironment(parsed.value, env);
  if (expanded.issues.length > 0) throw recipeError(expanded.issues, parsed.source);
  return { value: expanded.value, source: parsed.source, given };
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new PosttrainError('file-missing', `there is no recipe ${file}.`, { help: `looked for ${path}.`, cause });
    }
    throw new PosttrainError(
      'file-unreadable',
      `the recipe ${basename(file)} cannot be read: ${(cause as Error).message}.`,
      {
        place: { file },
        cause,
      },
    );
  }
}
