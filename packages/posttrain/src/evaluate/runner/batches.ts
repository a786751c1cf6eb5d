import { canonicalJson } from '../digest.ts';
import type { Prompt, TaskRequest } from '../request.ts';
import type { PlannedItem, PlannedUnit } from './plan.ts';

/** Requests that go to a model in one call: of one kind, and answers of one setting. */
export type Batch = readonly PlannedUnit[];

export interface BatchLimits {
  readonly characters: number;
  readonly requests: number;
}

/**
 * Some ten thousand tokens to compute: enough to keep a processor busy, and Ctrl-C loses little. An answer costs more than its
 * prompt; the beginning of a context that the one before has too costs nothing.
 */
const standardCharacters = 64_000;
const standardRequests = { generate: 64, loglikelihood: 1024, rolling: 64 } as const;

/**
 * The different requests of a task, in batches: contexts that begin alike together, so that a model computes what they share once; texts
 * and prompts of similar length, longest first. The batches depend on the items alone and not on what is cached already, so
 * that a resumed evaluation computes in the same company as an undisturbed one.
 */
export function planBatches(items: readonly PlannedItem[], limits?: BatchLimits): Batch[] {
  const different = new Map(items.flatMap(({ units }) => units.map((unit) => [unit.key, unit] as const)));
  const groups = new Map<string, PlannedUnit[]>();
  for (const unit of different.values()) {
    const settings = settingsOf(unit.request);
    groups.set(settings, [...(groups.get(settings) ?? []), unit]);
  }
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, units]) => {
      const requests = standardRequests[units[0]!.request.kind];
      return cut(inOrder(units), limits ?? { characters: standardCharacters, requests });
    });
}

function cut(units: readonly PlannedUnit[], limits: BatchLimits): Batch[] {
  const batches: PlannedUnit[][] = [];
  let characters = 0;
  for (const unit of units) {
    const last = batches.at(-1);
    const more = sizeOf(unit.request) - (last ? sharedCharacters(last.at(-1)!.request, unit.request) : 0);
    if (last === undefined || last.length >= limits.requests || characters + more > limits.characters) {
      batches.push([unit]);
      characters = sizeOf(unit.request);
    } else {
      last.push(unit);
      characters += more;
    }
  }
  return batches;
}

/** How much of its beginning a context has in common with the one before. */
function sharedCharacters(before: TaskRequest, request: TaskRequest): number {
  if (before.kind !== 'loglikelihood' || request.kind !== 'loglikelihood') return 0;
  let shared = 0;
  while (shared < request.context.length && request.context[shared] === before.context[shared]) shared++;
  return shared;
}

/** By context where there is one, then by falling length. Keys settle the rest, so that it does not hang on the order of the items. */
function inOrder(units: readonly PlannedUnit[]): PlannedUnit[] {
  return units
    .map((unit) => {
      const { request } = unit;
      return { unit, context: request.kind === 'loglikelihood' ? request.context : '', size: sizeOf(request) };
    })
    .sort((a, b) => compareText(a.context, b.context) || b.size - a.size || compareText(a.unit.key, b.unit.key))
    .map(({ unit }) => unit);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** What all requests of a batch have in common. */
function settingsOf(request: TaskRequest): string {
  if (request.kind !== 'generate') return request.kind;
  const { prompt, samples, ...settings } = request;
  return canonicalJson({ ...settings, chat: typeof prompt !== 'string' });
}

/** In characters. */
function sizeOf(request: TaskRequest): number {
  if (request.kind === 'rolling') return request.text.length;
  if (request.kind === 'generate') return promptLength(request.prompt);
  return request.context.length + request.continuations.reduce((sum, { length }) => sum + length, 0);
}

function promptLength(prompt: Prompt): number {
  return typeof prompt === 'string' ? prompt.length : prompt.reduce((sum, { content }) => sum + content.length, 0);
}
