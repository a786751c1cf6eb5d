import { parseDocument } from 'yaml';
import { PosttrainError } from '../../support/errors.ts';

export interface Override {
  /** The dotted key, as in `data.maxTokens`. */
  readonly path: string;
  readonly value: unknown;
  /** As it was written, for messages and for run.json. */
  readonly text: string;
}

/**
 * Reads `lr=2e-5`; the value is YAML, so lists and mappings work too.
 * @throws PosttrainError `usage` for text of another form.
 */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).trim();
  if (equals < 1 || path.split('.').some((part) => part === '')) {
    throw new PosttrainError('usage', `"${text}" is not of the form key=value.`, {
      help: 'for example lr=2e-5 or data.maxTokens=512.',
    });
  }
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new PosttrainError('usage', `the value of "${text}" cannot be read: ${error.message}.`, {
      help: 'quote the whole for the shell where it holds spaces, brackets or commas.',
    });
  }
  return { path, value: document.toJS() as unknown, text };
}

/** Keys of which one name is short for a mapping: `optimizer: muon` is `optimizer: { kind: muon }`. */
const shorthands = new Set(['optimizer', 'schedule']);
/** Keys that exclude each other: setting one by an override takes the other's place. */
const exclusive: Readonly<Record<string, string>> = { steps: 'epochs', epochs: 'steps' };

/** A copy of `recipe` with the overrides set, in order. */
export function applyOverrides(recipe: unknown, overrides: readonly Override[]): unknown {
  if (overrides.length === 0 || !isMapping(recipe)) return recipe;
  let result: Record<string | number, unknown> = { ...recipe };
  for (const { path, value } of overrides) {
    const other = Object.hasOwn(exclusive, path) ? exclusive[path] : undefined;
    if (other !== undefined && !overrides.some((one) => one.path === other)) {
      result = Object.fromEntries(Object.entries(result).filter(([key]) => key !== other));
    }
    result = set(result, path.split('.'), value);
  }
  return result;
}

function set(
  target: Record<string | number, unknown>,
  path: readonly string[],
  value: unknown,
): Record<string | number, unknown> {
  const [key, ...rest] = path;
  if (key === undefined) return target;
  if (rest.length === 0) return { ...target, [key]: value };
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  if (Array.isArray(inner)) {
    const items: unknown[] = [...inner];
    const [index, ...deeper] = rest;
    const item = items[Number(index)];
    if (item !== undefined) {
      items[Number(index)] = deeper.length === 0 ? value : set(isMapping(item) ? item : {}, deeper, value);
      return { ...target, [key]: items };
    }
  }
  const mapping = isMapping(inner) ? inner : shorthands.has(key) && typeof inner === 'string' ? { kind: inner } : {};
  return { ...target, [key]: set(mapping, rest, value) };
}

function isMapping(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
