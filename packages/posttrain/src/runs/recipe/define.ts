import type { Recipe } from './recipe.generated.ts';

/** Gives a recipe in TypeScript its types and completion, and returns it as it is. A key that does not exist fails to compile. */
export function defineRecipe(recipe: Recipe): Recipe {
  return recipe;
}
