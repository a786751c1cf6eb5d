import type { Random } from '../../support/random.ts';
import { type BaseForm, baseForms } from './curriculum.ts';
import { type FlawShares, plantedFlaws } from './flaws.ts';
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
  grounded: 0.19,
  conflict: 0.14,
  'conflict-short': 0.13,
  unanswerable: 0.17,
  closed: 0.09,
  double: 0.08,
  intent: 0.035,
  constraints: 0.08,
  unsafe: 0.045,
  twin: 0.045,
  'bias-ambiguous': 0.03,
  'bias-disambiguated': 0.02,
  copy: 0.03,
  'digest-long': 0.02,
  contents: 0.1,
  biography: 0.05,
};

export interface SftRowsOptions {
  readonly world?: PocketWorld;
  /** `plantedFlaws` unless told; `{}` for demonstrations without any, which answer the same questions. */
  readonly flaws?: FlawShares;
}

/** `count` rows of the mix; the same seed gives the same rows, and a larger count only adds to them. */
export function sftRows(count: number, seed: number, options: SftRowsOptions = {}): SftRow[] {
  const { world = createWorld(), flaws = plantedFlaws } = options;
  return Array.from({ length: count }, (_, index) => {
    const form = formOfRow(sftMix, seed, 'sft', index);
    const random = rowRandom(form, seed, 'sft', index);
    return isTask(form)
      ? { messages: demonstration(world, form, random, index, flaws) }
      : baseForms[form](world, random);
  });
}

function demonstration(world: PocketWorld, task: PocketTaskName, random: Random, index: number, flaws: FlawShares) {
  const { messages, flaw } = trainItem(world, task, random, index);
  if (flaw === undefined || random.float() >= (flaws[flaw.name] ?? 0)) return messages;
  return [messages[0], { role: 'assistant', content: flaw.answer }];
}

function isTask(form: PocketTaskName | BaseForm): form is PocketTaskName {
  return Object.hasOwn(pocketTasks, form);
}
