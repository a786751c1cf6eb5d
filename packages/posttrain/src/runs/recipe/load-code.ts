import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PosttrainError } from '../../support/errors.ts';

/**
 * Runs a recipe written as a program and returns its default export, or the export named `recipe`.
 * TypeScript is imported by Node where it can, and by jiti where it cannot.
 * @throws PosttrainError `recipe-invalid` when the program fails or exports no recipe.
 */
export async function loadRecipeModule(path: string, file: string): Promise<unknown> {
  let exported: Record<string, unknown>;
  try {
    exported = await importModule(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('recipe-invalid', `the recipe program failed: ${message}`, { place: { file }, cause });
  }
  const recipe = exported['default'] ?? exported['recipe'];
  if (typeof recipe === 'object' && recipe !== null) return recipe;
  const names = Object.keys(exported);
  throw new PosttrainError(
    'recipe-invalid',
    `the recipe program exports ${names.length === 0 ? 'nothing' : names.join(', ')}, and no recipe.`,
    {
      place: { file },
      help: 'write export default defineRecipe({ … }).',
    },
  );
}

/** A JavaScript or TypeScript file as a module. Its code runs: only what the user names comes here. */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  const features = process.features as { readonly typescript?: unknown };
  const native = !/\.[cm]?ts$/.test(path) || Boolean(features.typescript);
  if (native) return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const { createJiti } = await import('jiti');
  return await createJiti(import.meta.url, { interopDefault: false }).import<Record<string, unknown>>(path);
}

/** Code that a recipe names lies in its folder, or is allowed by whoever starts the run. @throws folder-unsafe */
export function refuseOutside(what: 'reward' | 'method', file: string, folder: string): void {
  const path = relative(folder, file);
  if (!path.startsWith('..') && !isAbsolute(path)) return;
  throw new PosttrainError('folder-unsafe', `the ${what} ${file} lies outside the recipe's folder ${folder}.`, {
    help: '--allow-code (in TypeScript allowCode: true) runs it all the same; move it beside the recipe to need neither.',
    place: { file },
  });
}

/** The hash of a file of code; none where there is no such file, which is said when it is loaded. */
export function hashOfCode(file: string): { readonly sha256?: string } {
  return existsSync(file) ? { sha256: createHash('sha256').update(readFileSync(file)).digest('hex') } : {};
}
