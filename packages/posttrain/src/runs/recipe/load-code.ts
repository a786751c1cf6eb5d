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
