import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { Random } from '../../support/random.ts';
import { closedTask } from './closed.ts';
import { groundedTask } from './grounded.ts';
import type { DrawnItem, DrawOptions, ItemSplit, PocketItem, PocketTask } from './items.ts';
import { createWorld, type PocketWorld } from './world.ts';

/** Every kind of question. Items draw from streams named by their task, so a new task changes no item of another. */
export const pocketTasks = {
  closed: closedTask('trained'),
  'closed-held-out': closedTask('held-out'),
  grounded: groundedTask('single'),
  conflict: groundedTask('conflict'),
  'conflict-short': groundedTask('conflict', 2, 3),
  unanswerable: groundedTask('none'),
} as const satisfies Record<string, PocketTask>;
export type PocketTaskName = keyof typeof pocketTasks;

const itemCounts = { dev: 200, test: 400 } as const;

export interface TestItemOptions extends Partial<DrawOptions> {
  readonly world?: PocketWorld;
}

/**
 * The held-out items of a task: 200 for `dev`, 400 for `test`, from streams of their own, about names that training asks
 * nothing about (`names: 'base'` unless told). Closed tasks have one item per fact, 200, and differ between splits in wording only.
 *
 * @throws PosttrainError `usage` when there is no such task
 */
export function testItems(task: PocketTaskName, split: 'dev' | 'test', options: TestItemOptions = {}): PocketItem[] {
  const { world = createWorld(), names = 'base', wording = 'trained' } = options;
  const { draw, all } = taskNamed(task);
  const stream = (index: number) => Random.of(world.seed, 'pocket', 'items', task, split, index);
  const drawn =
    all?.(world, stream(0), { names, wording }) ??
    Array.from({ length: itemCounts[split] }, (_, index) => draw(world, stream(index), { names, wording }));
  return drawn.map((item, index) => toItem(task, split, index, item));
}

/** One training item, drawn from `random` about the names that are trained on. */
export function trainItem(world: PocketWorld, task: PocketTaskName, random: Random, index: number): PocketItem {
  return toItem(task, 'train', index, pocketTasks[task].draw(world, random, { names: 'trained', wording: 'trained' }));
}

function toItem(task: string, split: ItemSplit, index: number, { question, gold }: DrawnItem): PocketItem {
  const messages = [
    { role: 'user', content: question },
    { role: 'assistant', content: gold.answer },
  ] as const;
  return { id: `${task}/${split}/${index}`, task, split, messages, gold };
}

function taskNamed(name: string): PocketTask {
  const tasks: Readonly<Record<string, PocketTask>> = pocketTasks;
  if (Object.hasOwn(tasks, name)) return tasks[name]!;
  const names = nearestFirst(name, Object.keys(tasks));
  throw new PosttrainError('usage', `"${name}" is no task of the pocket world.`, {
    help: `tasks: ${names.join(', ')}`,
  });
}
