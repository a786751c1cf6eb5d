import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import { type RecipeIssue, recipeError } from './issues.ts';
import type { RecipeSource } from './source.ts';

/**
 * Reads YAML 1.2 or JSON, of which YAML is a superset: numbers such as `1e-5` are numbers, and `on` is text.
 * @returns the plain value, and the source with a way to find keys and values in the text.
 * @throws PosttrainError `recipe-invalid` listing every syntax error.
 */
export function parseRecipeText(source: RecipeSource & { readonly text: string }): {
  value: unknown;
  source: RecipeSource;
} {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, merge: true, prettyErrors: false });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  // A warning is a tag nobody defined: what follows it would be read as something else than was meant.
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    const issues = errors.map(({ message, pos }): RecipeIssue => {
      return { path: [], at: 'value', message: `${source.file} is not valid YAML: ${message}.`, position: at(pos[0]) };
    });
    throw recipeError(issues, source);
  }
  const root = document.contents as ParsedNode | null;
  return {
    value: document.toJS() as unknown,
    source: {
      ...source,
      locate: (path, which) => {
        const offset = root === null ? undefined : offsetOf(root, path, which);
        return offset === undefined ? undefined : at(offset);
      },
    },
  };
}

/** Where a key or its value starts; for what is not in the text, the nearest parent that is. */
function offsetOf(root: Node, path: readonly (string | number)[], which: 'key' | 'value'): number | undefined {
  let node: Node | null = root;
  let offset: number | undefined;
  for (const [depth, part] of path.entries()) {
    const wanted: 'key' | 'value' = depth === path.length - 1 ? which : 'key';
    const step: { node: Node | null; key: number | undefined } | undefined = child(node, part);
    if (step === undefined) return offset;
    node = step.node;
    offset = (wanted === 'value' ? node?.range?.[0] : step.key) ?? step.key ?? offset;
  }
  return offset;
}

function child(node: Node | null, part: string | number): { node: Node | null; key: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    if (pair === undefined) return undefined;
    return { node: pair.value as Node | null, key: (pair.key as Node).range?.[0] };
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(part)] as Node | undefined;
  return item === undefined ? undefined : { node: item, key: item.range?.[0] };
}
