import { sha256 } from '../digest.ts';
import type { Prompt, TaskRequest } from '../request.ts';
import type { Task } from '../task.ts';
import type { PlannedItem, PlannedTask } from './plan.ts';

/** Words that must be the same in a row: long enough that two texts rarely share them by chance (Brown et al. 2020, arXiv:2005.14165, §C). */
export const shingleWords = 13;

/** Texts that a model was trained on, and what to call them. */
export interface TrainingTexts {
  readonly label: string;
  readonly texts: AsyncIterable<string> | Iterable<string>;
}

/**
 * Which documents the training texts hold: those that share 13 words in a row with them, or, where they are shorter, are one of
 * the texts. Letter case, punctuation and white space do not count.
 * @returns for each task the places of such documents
 */
export async function findOverlap(
  plans: readonly PlannedTask[],
  training: TrainingTexts,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const wanted = new Map<string, { readonly task: string; readonly docId: number }[]>();
  for (const { task, items } of plans) {
    for (const item of items) {
      for (const shingle of shinglesOf(overlapText(task, item))) {
        const entry = { task: task.name, docId: item.docId };
        const entries = wanted.get(shingle);
        if (entries) entries.push(entry);
        else wanted.set(shingle, [entry]);
      }
    }
  }
  const found = new Map(plans.map(({ task }) => [task.name, new Set<number>()] as const));
  for await (const text of training.texts) {
    signal?.throwIfAborted();
    for (const shingle of shinglesOf(text))
      for (const { task, docId } of wanted.get(shingle) ?? []) found.get(task)!.add(docId);
  }
  return found;
}

function overlapText(task: Task, { doc, request }: PlannedItem): string {
  return task.overlapText?.(doc) ?? requestText(request);
}

export function requestText(request: TaskRequest): string {
  if (request.kind === 'rolling') return request.text;
  return request.kind === 'loglikelihood' ? request.context : promptText(request.prompt);
}

function promptText(prompt: Prompt): string {
  return typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
}

/** Every run of 13 words; the whole of a shorter text, marked as such so that it never matches inside a longer one. */
function* shinglesOf(text: string): Generator<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return;
  if (words.length < shingleWords) yield `whole ${words.join(' ')}`;
  // Hashes keep a training set of gigabytes out of the memory of the texts that are looked for.
  else for (let i = 0; i + shingleWords <= words.length; i++) yield sha256(words.slice(i, i + shingleWords).join(' '));
}
