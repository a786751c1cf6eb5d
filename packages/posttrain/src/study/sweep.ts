import { keysOf, methodNamed } from '../runs/recipe/schema.ts';
import { valueIssues } from '../runs/recipe/value-issues.ts';
import { PosttrainError } from '../support/errors.ts';

/** A key of a recipe for which a list stands, and what is in the list. */
export interface SweptKey {
  readonly path: readonly string[];
  readonly values: readonly unknown[];
}

/** One combination of swept values. */
export interface SweepPoint {
  /** `lr=0.001`, also the name of a folder; `single` where nothing is swept. */
  readonly name: string;
  /** By dotted key. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly recipe: unknown;
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The keys that hold a list where the recipe takes a single value. A list that a key takes as its value, such as
 * `betas: [0.9, 0.95]` or files with weights, is no sweep; a list of such lists is one.
 */
export function sweptKeys(recipe: unknown): SweptKey[] {
  if (!isMapping(recipe)) return [];
  const schema = methodNamed(recipe['method'])?.schema;
  const parsed = schema?.safeParse(recipe);
  if (!schema || !parsed || parsed.success) return [];
  const { values } = valueIssues(parsed.error.issues, recipe, keysOf(schema));
  const found = new Map<string, SweptKey>();
  for (const { path } of values) {
    const list = listAt(recipe, path) ?? listAt(recipe, path.slice(0, -1));
    if (list) found.set(list.path.join('.'), list);
  }
  return [...found.values()];
}

/** The list at a path of keys; a path through a list leads to a part of a value. */
function listAt(recipe: Mapping, path: readonly (string | number)[]): SweptKey | undefined {
  let value: unknown = recipe;
  for (const part of path) {
    if (typeof part === 'number' || !isMapping(value)) return undefined;
    value = value[part];
  }
  return Array.isArray(value) && path.length > 0 ? { path: path as readonly string[], values: value } : undefined;
}

/**
 * Every combination of swept values, the first key changing slowest.
 * @param arm for messages. @throws PosttrainError `study-invalid` for a list without values, or with the same one twice
 */
export function sweepPoints(recipe: unknown, arm: string): SweepPoint[] {
  const swept = sweptKeys(recipe);
  for (const { path, values } of swept) checkValues(`${arm}: ${path.join('.')}`, values);
  let points: Omit<SweepPoint, 'name'>[] = [{ values: {}, recipe }];
  for (const { path, values } of swept) {
    points = points.flatMap((point) =>
      values.map((value) => ({
        values: { ...point.values, [path.join('.')]: value },
        recipe: replaced(point.recipe, path, value),
      })),
    );
  }
  const names = points.map(({ values }) => nameOf(values));
  return points.map((point, i) => ({
    name: names.indexOf(names[i]!) === i ? names[i]! : `${names[i]}-${i + 1}`,
    ...point,
  }));
}

function checkValues(key: string, values: readonly unknown[]): void {
  if (values.length === 0)
    throw new PosttrainError('study-invalid', `${key} is a list without values.`, {
      help: 'a sweep lists the values to try; a single value needs no list.',
    });
  const texts = values.map((value) => JSON.stringify(value));
  const repeated = texts.find((text, i) => texts.indexOf(text) !== i);
  if (repeated === undefined) return;
  throw new PosttrainError('study-invalid', `${key} lists ${repeated} twice.`, { help: 'each value is tried once.' });
}

/** A copy with another value at a path, whatever lies beside it. */
function replaced(recipe: unknown, [key, ...deeper]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const mapping = isMapping(recipe) ? recipe : {};
  return { ...mapping, [key]: replaced(mapping[key], deeper, value) };
}

const longestName = 80;

function nameOf(values: Mapping): string {
  const parts = Object.entries(values).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  if (parts.length === 0) return 'single';
  return parts
    .join(',')
    .replaceAll(/[^\w.=+,-]+/g, '_')
    .slice(0, longestName);
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
