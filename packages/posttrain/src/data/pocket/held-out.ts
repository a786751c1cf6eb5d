import type { PocketItem } from './items.ts';
import { type PocketTaskName, testItems } from './tasks.ts';
import type { PocketWorld } from './world.ts';

/** Every question that a held-out item of these tasks may ask. */
export function heldOutQuestions(world: PocketWorld, tasks: readonly PocketTaskName[]): ReadonlySet<string> {
  const questions = new Set<string>();
  for (const task of tasks)
    for (const split of ['dev', 'test'] as const)
      for (const wording of ['trained', 'held-out', 'reversed'] as const)
        for (const names of ['base', 'trained', 'never'] as const)
          for (const { messages } of testItems(task, split, { world, wording, names }))
            questions.add(messages[0].content);
  return questions;
}

/** The first item drawn whose question is not held out: stories have no names that keep them apart. */
export function drawOutside<Item extends PocketItem>(heldOut: ReadonlySet<string>, draw: () => Item): Item {
  for (;;) {
    const item = draw();
    if (!heldOut.has(item.messages[0].content)) return item;
  }
}
