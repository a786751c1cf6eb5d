import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import type * as z from 'zod';
import { expandEnvironment } from '../runs/recipe/environment.ts';
import { type RecipeIssue, recipeError } from '../runs/recipe/issues.ts';
import { importModule } from '../runs/recipe/load-code.ts';
import { parseRecipeText } from '../runs/recipe/parse-text.ts';
import { keysOf } from '../runs/recipe/schema.ts';
import type { RecipeSource } from '../runs/recipe/source.ts';
import { valueIssues } from '../runs/recipe/value-issues.ts';
import { PosttrainError } from '../support/errors.ts';
import { nearestName } from '../support/nearest.ts';
import type { Study } from './definition.ts';
import type { GivenStudy } from './plan.ts';
import { type StudyOutput, studySchema } from './schema.ts';

/** A study whose own keys are checked; its arms are not yet. */
export interface LoadedStudy {
  readonly study: StudyOutput;
  readonly name: string;
  readonly given: GivenStudy;
  readonly source: RecipeSource;
}

/**
 * Reads and checks a study: an object, or a .yaml, .yml, .json, .ts, .js or .mjs file. Only the last three run code.
 * @throws PosttrainError `file-missing`, `usage`, or `study-invalid` with every issue in its place
 */
export async function loadStudy(study: Study | string, cwd = process.cwd()): Promise<LoadedStudy> {
  const { value, source, given } = typeof study === 'string' ? await readStudy(study, cwd) : readObject(study, cwd);
  const output = validateStudy(value, source);
  const fileName = source.file === undefined ? 'study' : basename(source.file, extname(source.file));
  return { study: output, name: output.name ?? fileName, given, source };
}

interface ReadStudy extends Pick<LoadedStudy, 'given' | 'source'> {
  readonly value: unknown;
}

function readObject(study: Study, cwd: string): ReadStudy {
  const given = { name: 'study.json', text: `${JSON.stringify(study, null, 2)}\n` };
  return { value: study, source: { file: undefined, folder: cwd, text: undefined, overridden: [] }, given };
}

const endings = ['.yaml', '.yml', '.json', '.ts', '.mts', '.js', '.mjs'];

async function readStudy(file: string, cwd: string): Promise<ReadStudy> {
  const path = resolve(cwd, file);
  const extension = extname(path).toLowerCase();
  if (!endings.includes(extension))
    throw new PosttrainError('usage', `${file} is not a study file.`, {
      help: `a study ends in ${endings.join(', ')}.`,
    });
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const code = cause.code === 'ENOENT' ? 'file-missing' : 'file-unreadable';
    const what = cause.code === 'ENOENT' ? `there is no study ${file}` : `${file} cannot be read: ${cause.message}`;
    throw new PosttrainError(code, `${what}.`, { help: `looked for ${path}.`, cause });
  });
  const source: RecipeSource & { readonly text: string } = { file, folder: dirname(path), text, overridden: [] };
  const given = { name: `study${extension === '.yml' ? '.yaml' : extension}`, text };
  if (!['.yaml', '.yml', '.json'].includes(extension)) {
    const exported = (await importModule(path))['default'];
    if (exported !== undefined) return { value: exported, source, given };
    throw new PosttrainError('study-invalid', 'the study program has no default export.', {
      place: { file },
      help: 'write export default defineStudy({ … }).',
    });
  }
  const parsed = parseRecipeText(source);
  const { value, issues } = expandEnvironment(parsed.value, process.env);
  if (issues.length > 0) throw recipeError(issues, parsed.source, 'study');
  return { value, source: parsed.source, given };
}

function validateStudy(value: unknown, source: RecipeSource): StudyOutput {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw recipeError([{ path: [], at: 'value', message: 'a study is a mapping of keys.' }], source, 'study');
  const parsed = studySchema.safeParse(value);
  const issues = parsed.success ? consistencyIssues(parsed.data) : schemaIssues(parsed.error.issues, value);
  if (issues.length > 0) throw recipeError(issues, source, 'study');
  return parsed.data!;
}

function schemaIssues(issues: readonly z.core.$ZodIssue[], value: object): RecipeIssue[] {
  const keys = keysOf(studySchema);
  const found = valueIssues(issues, value, keys);
  return [...found.unknown.map((path) => unknownKey(path, [...keys.keys()])), ...found.values];
}

function unknownKey(path: readonly (string | number)[], keys: readonly string[]): RecipeIssue {
  const parent = path.slice(0, -1).join('.');
  const siblings = keys
    .filter((key) => (key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : '') === parent)
    .map((key) => key.slice(key.lastIndexOf('.') + 1));
  return {
    path,
    at: 'key',
    message: `unknown key "${path.join('.')}".`,
    help: suggestion(String(path.at(-1)), siblings),
  };
}

/** The nearest of some names, or all of them. */
export function suggestion(name: string, choices: readonly string[]): string {
  const nearest = nearestName(name, choices);
  return nearest === undefined ? `there are ${choices.join(', ')}.` : `did you mean ${nearest}?`;
}

const armName = /^[A-Za-z0-9][\w.-]*$/;

function consistencyIssues({ arms, baseline, seeds, evaluate }: StudyOutput): RecipeIssue[] {
  const names = Object.keys(arms);
  const issues: RecipeIssue[] = names
    .filter((name) => !armName.test(name))
    .map((name) => ({
      path: ['arms', name],
      at: 'key',
      message: `the arm ${JSON.stringify(name)} cannot be the name of a folder.`,
      help: 'write letters, digits, _ - and ., beginning with a letter or digit.',
    }));
  if (names.length === 0)
    issues.push({ path: ['arms'], at: 'value', message: 'arms is empty: there is nothing to train or compare.' });
  if (baseline !== undefined && !names.includes(baseline))
    issues.push({
      path: ['baseline'],
      at: 'value',
      message: `baseline is ${JSON.stringify(baseline)}, and no arm is called so.`,
      help: suggestion(baseline, names),
    });
  const repeated = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (repeated !== undefined)
    issues.push({
      path: ['seeds'],
      at: 'value',
      message: `seeds lists ${repeated} twice.`,
      help: 'a seed is one run.',
    });
  if (new Set(evaluate.tasks).size < evaluate.tasks.length)
    issues.push({ path: ['evaluate', 'tasks'], at: 'value', message: 'evaluate.tasks names a task twice.' });
  return issues;
}
