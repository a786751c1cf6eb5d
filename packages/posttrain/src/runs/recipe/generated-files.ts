import { foreignNamesPage } from './foreign-names-page.ts';
import { recipeInterfaces } from './interfaces.ts';
import { recipeJsonSchema } from './json-schema.ts';

/** Leaves what only TypeScript can say out of lists of alternatives. */
function withoutTypeScript(key: string, value: unknown): unknown {
  if (key === 'typescript') return undefined;
  if (!Array.isArray(value)) return value;
  return value.filter((item: unknown) => !(typeof item === 'object' && item !== null && 'typescript' in item));
}

/** Every file made from the recipe schema, with its path in the repository. A test fails when one is stale. */
export function generatedFiles(): { readonly path: string; readonly text: string }[] {
  const schema = recipeJsonSchema();
  return [
    { path: 'packages/posttrain/src/runs/recipe/recipe.generated.ts', text: recipeInterfaces(schema) },
    { path: 'packages/posttrain/recipe.schema.json', text: `${JSON.stringify(schema, withoutTypeScript, 2)}\n` },
    { path: 'docs/from-trl.md', text: foreignNamesPage() },
  ];
}
