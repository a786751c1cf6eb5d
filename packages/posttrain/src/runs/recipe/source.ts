/** Where a recipe came from, so that errors can point into it and a run folder can keep it as it was given. */
export interface RecipeSource {
  /** The file as the user named it; undefined for an object. */
  readonly file: string | undefined;
  /** Relative paths in the recipe start here. */
  readonly folder: string;
  /** The file's text; undefined for an object. */
  readonly text: string | undefined;
  /** Keys set by overrides such as `lr=2e-5`, with the text of each. */
  readonly overridden: readonly { readonly path: string; readonly text: string }[];
  /** Line and column, from 1, of a key or its value; undefined where the text does not hold it. */
  readonly locate?:
    | ((path: readonly (string | number)[], at: 'key' | 'value') => { line: number; column: number } | undefined)
    | undefined;
}
