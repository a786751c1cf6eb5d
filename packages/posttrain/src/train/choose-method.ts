import type { ResolvedRecipe } from '../runs/index.ts';
import { recipeError } from '../runs/recipe/issues.ts';
import { isProgram } from '../runs/recipe/methods/outside.ts';
import type { AnyMethodDefinition } from './define-method.ts';
import { importMethod } from './import-method.ts';
import type { Method } from './method.ts';
import { methods } from './methods/index.ts';
import { checkedKeys, misfits } from './outside-keys.ts';
import { asMethod } from './outside-method.ts';

/** Of no file: the host knows where keys stand. */
const nowhere = { file: undefined, folder: '', text: undefined, overridden: [] };

/**
 * The method that a recipe names, and the recipe with the method's defaults. A method from outside is imported here: its code runs.
 * @param within the folder that its file may not lie outside of; undefined: any
 * @throws recipe-invalid with every key that its schema refuses; `importMethod`'s errors
 */
export async function chooseMethod(
  recipe: ResolvedRecipe,
  within: string | undefined,
): Promise<{ readonly method: Method; readonly recipe: ResolvedRecipe }> {
  if (!isProgram(recipe.method)) return { method: methods[recipe.method]!, recipe };
  const definition = await importMethod(recipe.method, within);
  const { keys, issues } = await checkedKeys(definition, recipe.keys ?? {}, recipe.method);
  const all = [...issues, ...misfits(definition, recipe)];
  if (all.length > 0) throw recipeError(all, nowhere);
  return {
    method: asMethod(definition, recipe.method),
    recipe: { ...recipe, ...defaultsOf(definition, recipe), keys },
  };
}

function defaultsOf({ rows }: AnyMethodDefinition, { train = 'assistant' }: ResolvedRecipe): Partial<ResolvedRecipe> {
  return rows === 'conversations' ? { train } : {};
}
