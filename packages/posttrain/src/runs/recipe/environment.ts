import { parse } from 'yaml';
import type { RecipeIssue } from './issues.ts';

const reference = /\$\{env:([^}]*)\}/g;

/**
 * Replaces `${env:NAME}` in every text of a recipe. A value that is nothing but a reference becomes a number or a
 * boolean where the variable reads as one, as if it stood in the file.
 * @returns the new value, and an issue for each variable that is not set.
 */
export function expandEnvironment(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { value: unknown; issues: RecipeIssue[] } {
  const issues: RecipeIssue[] = [];
  return { value: expand(value, [], env, issues), issues };
}

function expand(
  value: unknown,
  path: readonly (string | number)[],
  env: Readonly<Record<string, string | undefined>>,
  issues: RecipeIssue[],
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index], env, issues));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, expand(inner, [...path, key], env, issues)]),
    );
  }
  if (typeof value !== 'string' || !value.includes('${env:')) return value;
  const text = value.replaceAll(reference, (whole, name: string) => {
    const replacement = env[name];
    if (replacement !== undefined) return replacement;
    issues.push({
      path,
      at: 'value',
      message: `${path.join('.')} names the environment variable "${name}", which is not set.`,
      help: `set it, as in ${name || 'NAME'}=value posttrain …`,
    });
    return whole;
  });
  return value.replace(reference, '') === '' ? scalar(text) : text;
}

function scalar(text: string): unknown {
  if (!/^(true|false|[-+.\d][\d.eE+-]*)$/.test(text)) return text;
  const value: unknown = parse(text);
  return typeof value === 'object' ? text : value;
}
