import type { Outcome } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { DataSource } from './data-source.ts';
import type { Judge } from './judge/judge.ts';
import type { Axis, Metric, MetricValues } from './metric.ts';
import type { ResponseTo, TaskRequest } from './request.ts';

/**
 * A task asks one request for each document and scores the response.
 *
 *     export const capitals = defineTask({
 *       name: 'capitals', version: 1, axis: 'factuality',
 *       about: 'Capitals of countries, written freely.',
 *       split: 'all 120 rows of capitals.jsonl',
 *       docs: async (source) => (await source.rows()).map((row) => ({ country: text(row, 'country'), … })),
 *       request: (doc) => ({ kind: 'generate', prompt: `The capital of ${doc.country} is`, maxTokens: 8, stop: ['\n'] }),
 *       metrics: { acc: { kind: 'mean', about: 'exact answers', higherIsBetter: true, unit: 'share', chance: 0 } },
 *       score: (doc, { text }) => {
 *         const right = text.trim() === doc.capital;
 *         return { values: { acc: right ? 1 : 0 }, outcome: right ? 'correct' : 'incorrect', target: doc.capital, prediction: text };
 *       },
 *     });
 *
 * Types follow from the order of the keys: `docs` gives the document, `request` the kind of response, `metrics` the values
 * that `score` must give. A file `capitals.eval.ts` exports it as default for `posttrain eval --tasks ./capitals.eval.ts`.
 *
 * **Data** comes by path: `--data capitals=./capitals.jsonl` names a file or a folder, and `source` reads rows of it (JSONL,
 * JSON, CSV and TSV by their ending). Tasks that share files name the same `data`. A task that makes its documents
 * itself has `data: null`.
 *
 * **Metrics** stand in the report in the order they are declared: both directions of a trade-off next to each other, the
 * headline first. `mean` takes a number for an item, `ratio` a numerator and a denominator, `aggregate` whatever its
 * `compute` takes. Null leaves the item out of that metric; NaN is an error.
 *
 * **Outcome** is given where an answer can be right or wrong, and is never folded: a missing answer is `unparseable`, not
 * `incorrect`. The runner counts truncated contexts, answers cut at `maxTokens`, empty answers and ties of choices itself.
 *
 * **Versions** are raised when a prompt, a document or a score changes: results of different versions are not compared.
 */
export interface TaskDefinition<
  Doc,
  Request extends TaskRequest,
  Metrics extends Readonly<Record<string, Metric<Doc>>>,
> {
  readonly name: string;
  readonly version: number;
  readonly axis: Axis;
  /** One line for a person: what is asked, and in what form. */
  readonly about: string;
  /** Which rows of which split are used, and where shots come from. */
  readonly split: string;
  /** The name that `--data NAME=PATH` gives the files by; the task's own up to a slash when left out. Null: it needs none. */
  readonly data?: string | null;
  /** Every document, in a fixed order. They are plain data: they go into samples.jsonl as they are. */
  docs(source: DataSource): Promise<readonly Doc[]> | readonly Doc[];
  request(doc: Doc): Request;
  readonly metrics: Metrics;
  score(
    doc: Doc,
    response: ResponseTo<Request>,
    context: ScoreContext,
  ): ItemScore<Metrics> | Promise<ItemScore<Metrics>>;
  /** Items that hang together, such as questions on one text: intervals and tests resample these, not rows. Null: it stands alone. */
  cluster?(doc: Doc): string | null;
  /** A part of the documents whose figure is shown by itself, such as a subject. Null: it belongs to none. */
  stratum?(doc: Doc): string | null;
  /** The text that must not have been trained on; the request's own when left out. */
  overlapText?(doc: Doc): string;
  /** Whether the documents are a test split, to be read once: every read is put on record in the runs that are evaluated. */
  readonly testSplit?: boolean;
  /** Whether `score` asks `context.judge`; without a judge such a task does not run. */
  readonly judged?: boolean;
}

export interface ScoreContext {
  readonly signal: AbortSignal;
  /** The judge the user named; null where there is none. */
  readonly judge: Judge | null;
  /** The item's own seed. */
  readonly seed: number;
}

export interface ItemScore<Metrics> {
  readonly values: MetricValues<Metrics>;
  readonly outcome?: Outcome;
  /** The right answer, for people. */
  readonly target?: string;
  /** The answer as it was read; null where none could be. */
  readonly prediction?: string | null;
  /** Source ids the answer cites. */
  readonly citations?: readonly number[];
  /** One phrase for a person who looks at the sample. */
  readonly why?: string;
}

/** A task of any document, for those who run it. */
export type Task = TaskDefinition<unknown, TaskRequest, Readonly<Record<string, Metric>>>;

/** What stands beside the values of metrics in a row of samples.jsonl. */
const sampleKeys = [
  ...['model', 'task', 'doc_id', 'doc', 'target', 'arguments', 'resps', 'filtered_resps', 'doc_hash', 'prompt_hash'],
  ...[
    'target_hash',
    'status',
    'prediction',
    'citations',
    'why',
    'seed',
    'cluster',
    'stratum',
    'flags',
    'in_training_data',
  ],
];

const namePattern = /^[a-z0-9][a-z0-9_.-]*(\/[a-z0-9][a-z0-9_.-]*)*$/;

/** Checks a task's own facts and gives it a type that any runner takes. @throws PosttrainError `usage` */
export function defineTask<
  Doc,
  const Request extends TaskRequest,
  Metrics extends Readonly<Record<string, Metric<Doc>>>,
>(task: TaskDefinition<Doc, Request, Metrics>): Task {
  const refuse = (what: string, help: string): never => {
    throw new PosttrainError('usage', `task ${JSON.stringify(task.name)}: ${what}`, { help });
  };
  if (!namePattern.test(task.name))
    refuse('the name is not made of lower-case letters, digits, _ - . and /.', 'write a name such as law/clauses.');
  if (!Number.isInteger(task.version) || task.version < 1)
    refuse(`the version is ${String(task.version)}, and must be a whole number from 1.`, 'begin with version: 1.');
  if (Object.keys(task.metrics).length === 0)
    refuse('it has no metric.', 'declare at least one under metrics; score gives a value for each.');
  for (const [name, metric] of Object.entries<Metric<Doc>>(task.metrics)) {
    if (sampleKeys.includes(name))
      refuse(`a metric is called ${name}, as a column of samples.jsonl is.`, 'give it another name.');
    if ((typeof metric.higherIsBetter === 'boolean') === Number.isFinite(metric.ideal))
      refuse(
        `the metric ${name} does not say which figures are better.`,
        'write higherIsBetter: true or false, or ideal: the value that it is best at.',
      );
    if (metric.against !== undefined && !Object.hasOwn(task.metrics, metric.against))
      refuse(`the metric ${name} is against ${metric.against}, which is none of its metrics.`, 'name one of them.');
  }
  return task as unknown as Task;
}

/** The name under which `--data` gives a task's files; null where it needs none. */
export function dataName(task: Pick<Task, 'name' | 'data'>): string | null {
  return task.data === undefined ? task.name.split('/')[0]! : task.data;
}
