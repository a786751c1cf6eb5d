import type { Outcome } from '../../scoring/index.ts';
import { allEqual, tieTolerance } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import type { Judge } from '../judge/judge.ts';
import type { TaskRequest, TaskResponse } from '../request.ts';
import type { PlannedItem } from '../runner/plan.ts';
import type { ItemScore, Task } from '../task.ts';

/** One document with what was answered and what that is worth. */
export interface ScoredItem {
  readonly docId: number;
  readonly doc: unknown;
  readonly request: TaskRequest;
  readonly response: TaskResponse;
  readonly seed: number;
  readonly cluster: string;
  readonly stratum: string | null;
  /** By metric; null where it does not apply. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome | null;
  readonly target: string | null;
  readonly prediction: string | null;
  readonly citations: readonly number[] | null;
  readonly why: string | null;
  readonly flags: ItemFlags;
}

/** What a reader must know of an item before its score. */
export interface ItemFlags {
  /** The model could not see all of the prompt. */
  readonly truncated: boolean;
  /** An answer ended for want of room. */
  readonly lengthHit: boolean;
  /** An answer has no text. */
  readonly empty: boolean;
  /** Several choices share the top. */
  readonly tied: boolean;
  /** All choices are equally likely; null where there are fewer than two. */
  readonly allEqual: boolean | null;
  /** The model gives a text or a choice the probability 0. */
  readonly impossible: boolean;
}

/** @throws PosttrainError `usage` naming task, document and metric where `score` does not keep its word */
export async function scoreItem(
  task: Task,
  item: PlannedItem,
  response: TaskResponse,
  context: { readonly signal: AbortSignal; readonly judge: Judge | null },
): Promise<ScoredItem> {
  const flags = flagsOf(response);
  // The likelihood of a whole text is the figure itself, and no figure is infinite: the task is invalid, see `invalidReason`.
  const unscored = response.kind === 'rolling' && flags.impossible;
  const score = unscored ? nothing(task) : await task.score(item.doc, response, { ...context, seed: item.seed });
  const values = score.values as Readonly<Record<string, unknown>>;
  for (const [name, { kind }] of Object.entries(task.metrics)) {
    const problem = problemOf(values[name], kind);
    if (problem === undefined) continue;
    throw new PosttrainError('usage', `task ${task.name}, document ${item.docId}: ${name} is ${problem}.`, {
      help: 'score gives a finite number, a ratio, or null where the metric does not apply.',
    });
  }
  const { docId, doc, request, seed, cluster, stratum } = item;
  return {
    ...{ docId, doc, request, response, seed, cluster, stratum, values },
    outcome: score.outcome ?? null,
    target: score.target ?? null,
    prediction: score.prediction ?? null,
    citations: score.citations ?? null,
    why: score.why ?? null,
    flags,
  };
}

function nothing({ metrics }: Task): ItemScore<Task['metrics']> {
  const values = Object.fromEntries(Object.keys(metrics).map((name) => [name, null]));
  return { values: values as ItemScore<Task['metrics']>['values'] };
}

function problemOf(value: unknown, kind: 'mean' | 'ratio' | 'aggregate'): string | undefined {
  if (value === null) return undefined;
  if (value === undefined) return 'missing';
  if (kind === 'mean') return Number.isFinite(value) ? undefined : String(value);
  if (kind === 'aggregate') return undefined;
  const { numerator, denominator } = value as { readonly numerator?: unknown; readonly denominator?: unknown };
  return Number.isFinite(numerator) && Number.isFinite(denominator) ? undefined : JSON.stringify(value);
}

function flagsOf(response: TaskResponse): ItemFlags {
  const none = { truncated: false, lengthHit: false, empty: false, tied: false, allEqual: null, impossible: false };
  if (response.kind === 'rolling') return { ...none, impossible: response.logp === Number.NEGATIVE_INFINITY };
  if (response.kind === 'generate') {
    return {
      ...none,
      truncated: response.answers.some(({ cut }) => cut > 0),
      lengthHit: response.answers.some(({ finish }) => finish === 'length'),
      empty: response.answers.some(({ text }) => text.trim() === ''),
    };
  }
  const values = response.choices.map(({ logp }) => logp);
  const best = Math.max(...values);
  return {
    ...none,
    truncated: response.choices.some(({ cut }) => cut > 0),
    tied: values.filter((value) => value === best || best - value < tieTolerance).length > 1,
    allEqual: values.length > 1 ? allEqual(values) : null,
    impossible: values.includes(Number.NEGATIVE_INFINITY),
  };
}
