import { PosttrainError } from '../../support/errors.ts';
import { hashSeed, Random } from '../../support/random.ts';
import { DataSource } from '../data-source.ts';
import { digest } from '../digest.ts';
import type { TaskRequest } from '../request.ts';
import { dataName, type Task } from '../task.ts';

/** One document of a task with what it asks. */
export interface PlannedItem {
  /** Its place among all documents of the task, from 0. */
  readonly docId: number;
  readonly doc: unknown;
  readonly request: TaskRequest;
  /** From the run's seed, the task and the place: nothing else changes it. */
  readonly seed: number;
  readonly cluster: string;
  readonly stratum: string | null;
  /** One for each answer that is drawn; one for other requests. */
  readonly units: readonly PlannedUnit[];
}

/** What is asked and cached by itself. */
export interface PlannedUnit {
  readonly key: string;
  readonly request: TaskRequest;
  readonly seed: number;
}

export interface PlannedTask {
  readonly task: Task;
  readonly items: readonly PlannedItem[];
  /** Documents before the limit. */
  readonly of: number;
  readonly source: DataSource | null;
}

export interface PlanOptions {
  /** Paths by the names that tasks ask for. */
  readonly data: Readonly<Record<string, string>>;
  /** Documents of each task: a seeded sample, of which a smaller limit is a part. */
  readonly limit: number | null;
  readonly seed: number;
}

/** Loads a task's documents and lays down what is asked. @throws PosttrainError `usage`, `data-empty`, and what reading throws */
export async function planTask(task: Task, options: PlanOptions): Promise<PlannedTask> {
  const source = openSource(task, options.data);
  const docs = await readDocs(task, source);
  if (docs.length === 0) {
    throw new PosttrainError('data-empty', `task ${task.name} has no documents.`, {
      place: { file: source?.path ?? task.name },
      help: `it uses ${task.split}.`,
    });
  }
  const chosen = chooseDocs(docs.length, task.name, options);
  const items = chosen.map((docId) => planItem(task, docs[docId], docId, options.seed));
  return { task, items, of: docs.length, source };
}

async function readDocs(task: Task, source: DataSource | null): Promise<readonly unknown[]> {
  try {
    return await task.docs(source ?? noSource(task));
  } catch (error) {
    if (!PosttrainError.is(error)) throw error;
    throw new PosttrainError(error.code, `task ${task.name}: ${error.message}`, { ...error, cause: error });
  }
}

function openSource(task: Task, data: Readonly<Record<string, string>>): DataSource | null {
  const name = dataName(task);
  if (name === null) return null;
  const path = data[name];
  if (path !== undefined) return new DataSource(path);
  throw new PosttrainError('usage', `task ${task.name} has no data.`, {
    help: `give it with --data ${name}=PATH. It uses ${task.split}.`,
  });
}

/** For a task that needs none; reading from it is a mistake of the task. */
function noSource(task: Task): DataSource {
  return new Proxy({} as DataSource, {
    get: () => {
      throw new PosttrainError('usage', `task ${task.name} says data: null and reads data.`, {
        help: 'leave data out, or give it the name of the files.',
      });
    },
  });
}

/** Places of the documents asked, ascending. */
function chooseDocs(count: number, task: string, { limit, seed }: PlanOptions): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (limit === null || limit >= count) return all;
  return Random.of(seed, 'limit', task)
    .shuffle(all)
    .slice(0, limit)
    .sort((a, b) => a - b);
}

function planItem(task: Task, doc: unknown, docId: number, runSeed: number): PlannedItem {
  const request = task.request(doc);
  if (request.kind === 'loglikelihood' && request.continuations.length === 0)
    throw new PosttrainError('usage', `task ${task.name}, document ${docId}: the request has no continuations.`);
  const seed = hashSeed(runSeed, 'evaluate', task.name, docId);
  return {
    docId,
    doc,
    request,
    seed,
    cluster: task.cluster?.(doc) ?? `#${docId}`,
    stratum: task.stratum?.(doc) ?? null,
    units: planUnits(request, seed),
  };
}

function planUnits(request: TaskRequest, seed: number): PlannedUnit[] {
  return unitRequests(request).map((alone, place) => {
    // The same continuations after nothing are one request, whichever documents ask it.
    const repeat = request.kind === 'generate' ? place : 0;
    const own = hashSeed(seed, 'repeat', repeat);
    // A greedy answer knows no seed: asked again under another one, it is the same request.
    const drawn = request.kind === 'generate' && (request.temperature ?? 0) > 0;
    return { key: digest({ request: alone, repeat, seed: drawn ? own : null }), request: alone, seed: own };
  });
}

/** What is asked one by one: every sample of an answer, and the continuations with and without their context. */
function unitRequests(request: TaskRequest): TaskRequest[] {
  if (request.kind === 'rolling') return [request];
  if (request.kind === 'generate')
    return Array.from({ length: request.samples ?? 1 }, () => ({ ...request, samples: 1 }));
  const { unconditional, ...plain } = request;
  return unconditional ? [plain, { ...plain, context: '' }] : [plain];
}
