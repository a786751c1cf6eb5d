import { type BaseForm, baseForms } from './curriculum.ts';
import { formOfRow, type Mix, rowRandom } from './mix.ts';
import type { SegmentsRow } from './segments.ts';
import { type PocketTaskName, pocketTasks, trainItem } from './tasks.ts';
import { createWorld, type PocketWorld } from './world.ts';

/** A row of the instruction-tuning file: a conversation, or a page of the base that is replayed against forgetting. */
export type SftRow =
  | { readonly messages: readonly { readonly role: string; readonly content: string }[] }
  | SegmentsRow;

/** What instruction tuning trains on. */
export const sftMix: Mix<PocketTaskName | BaseForm> = {
  grounded: 0.3,
  conflict: 0.14,
  'conflict-short': 0.08,
  unanswerable: 0.14,
  closed: 0.1,
  'digest-long': 0.04,
  contents: 0.05,
  biography: 0.05,
  pairs: 0.02,
};

/** `count` rows of the mix; the same seed gives the same rows, and a larger count only adds to them. */
export function sftRows(count: number, seed: number, world: PocketWorld = createWorld()): SftRow[] {
  return Array.from({ length: count }, (_, index) => {
    const form = formOfRow(sftMix, seed, 'sft', index);
    const random = rowRandom(form, seed, 'sft', index);
    if (isTask(form)) return { messages: trainItem(world, form, random, index).messages };
    return baseForms[form](world, random);
  });
}

function isTask(form: PocketTaskName | BaseForm): form is PocketTaskName {
  return Object.hasOwn(pocketTasks, form);
}
