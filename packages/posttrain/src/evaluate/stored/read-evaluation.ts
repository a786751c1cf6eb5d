import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl } from '../../runs/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { withInfinities } from '../infinite-json.ts';
import type { EvaluatedModel, EvaluationResult, NotRun } from '../results/evaluation.ts';
import type { TaskResult } from '../results/task-result.ts';
import { readSample, type StoredItem } from './sample-item.ts';

/** One model of an evaluation that was written before. */
export interface StoredModel {
  /** The folder it was read from. */
  readonly folder: string;
  readonly model: EvaluatedModel;
  readonly results: readonly TaskResult[];
  readonly notRun: readonly NotRun[];
  /** By task. */
  readonly items: ReadonlyMap<string, readonly StoredItem[]>;
}

/**
 * Reads a model's part of an evaluation folder.
 * @param target the folder, or `FOLDER#MODEL` where it holds several models
 * @throws PosttrainError `file-missing`, `data-invalid`, and `usage` where the model must be named
 */
export function readStoredModel(target: string): StoredModel {
  const [folder, name] = split(target);
  const result = readResult(folder);
  const model = chooseModel(result, folder, name);
  const of = <Part extends { readonly model: string }>(parts: readonly Part[]) =>
    parts.filter((part) => part.model === model.id);
  const results = of(result.results);
  const items = new Map(results.map(({ task }) => [task, [] as StoredItem[]] as const));
  const metrics = new Map(results.map((one) => [one.task, one.metrics.map((metric) => metric.name)] as const));
  const { rows, torn } = readJsonl(join(folder, 'samples.jsonl'));
  for (const row of rows) {
    const task = String(row['task']);
    if (row['model'] === model.id) items.get(task)?.push(readSample(row, metrics.get(task) ?? []));
  }
  const short = results.find(({ task, n }) => items.get(task)!.length !== n);
  if (torn > 0 || short)
    throw new PosttrainError(
      'data-invalid',
      `samples.jsonl does not hold what scorecard.json says${short ? `: ${items.get(short.task)!.length} of ${short.n} documents of ${short.task}` : ''}.`,
      { place: { file: join(folder, 'samples.jsonl') }, help: 'evaluate again; the cache gives what was answered.' },
    );
  return { folder, model, results, notRun: of(result.notRun), items };
}

/** A folder's own name may hold a #. */
function split(target: string): readonly [string, string | null] {
  const at = target.lastIndexOf('#');
  return at < 0 || existsSync(target) ? [target, null] : [target.slice(0, at), target.slice(at + 1)];
}

function readResult(folder: string): EvaluationResult {
  const file = join(folder, 'scorecard.json');
  if (!existsSync(file))
    throw new PosttrainError('file-missing', `${folder} holds no evaluation: there is no scorecard.json.`, {
      help: 'posttrain eval writes one for each call, below evaluations/.',
    });
  let result: unknown;
  try {
    result = withInfinities(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new PosttrainError('data-invalid', `it is no JSON: ${(cause as Error).message}`, { place: { file }, cause });
  }
  const { version, notRun } = result as Partial<EvaluationResult>;
  if (version === 1 && notRun !== undefined) return result as EvaluationResult;
  throw new PosttrainError('data-invalid', `it is a report of version ${version ?? 'unknown'}, and 1 is read here.`, {
    place: { file },
    help: 'evaluate again with this version; the cache gives what was answered.',
  });
}

function chooseModel({ models }: EvaluationResult, folder: string, name: string | null): EvaluatedModel {
  const ids = models.map(({ id }) => id);
  const found = models.find(({ id }) => id === (name ?? (ids.length === 1 ? ids[0] : null)));
  if (found) return found;
  const ordered = name === null ? ids : nearestFirst(name, ids);
  throw new PosttrainError(
    'usage',
    name === null ? `${folder} holds ${ids.length} models, and one is compared.` : `${folder} holds no model ${name}.`,
    { help: `write ${ordered.map((id) => `${folder}#${id}`).join(' or ')}.` },
  );
}
