import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { Random } from '../../support/random.ts';
import { biasTask } from './bias.ts';
import { closedTask, domainTask } from './closed.ts';
import { constraintsTask } from './constraints.ts';
import { doubleTask } from './double.ts';
import { groundedTask } from './grounded.ts';
import { intentTask } from './intent.ts';
import type { DrawnItem, DrawOptions, Gold, ItemSplit, PocketItem, PocketTask } from './items.ts';
import { safetyTask } from './safety.ts';
import { createWorld, type NameGroup, type PocketWorld } from './world.ts';

/** Every kind of question. Items draw from streams named by their task, so a new task changes no item of another. */
export const pocketTasks = {
  closed: closedTask('trained'),
  'closed-held-out': closedTask('held-out'),
  grounded: groundedTask('single'),
  conflict: groundedTask('conflict'),
  'conflict-short': groundedTask('conflict', 2, 3),
  unanswerable: groundedTask('none'),
  double: doubleTask,
  intent: intentTask,
  constraints: constraintsTask,
  unsafe: safetyTask('unsafe'),
  twin: safetyTask('safe'),
  'bias-ambiguous': biasTask('ambiguous'),
  'bias-disambiguated': biasTask('disambiguated'),
  law: domainTask('law'),
  medicine: domainTask('medicine'),
} as const satisfies Record<string, PocketTask>;
export type PocketTaskName = keyof typeof pocketTasks;

/** What the right answer to an item of a task is told by. */
export type GoldOf<Name extends PocketTaskName> = (typeof pocketTasks)[Name] extends PocketTask<infer G> ? G : never;

const itemCounts = { dev: 200, test: 400 } as const;

export interface TestItemOptions extends Partial<DrawOptions> {
  readonly world?: PocketWorld;
}

/**
 * The held-out items of a task: 200 for `dev`, 400 for `test`, from streams of their own, about names that training asks
 * nothing about (`names: 'base'` unless told). Where a task has one item per fact (closed tasks 200, domains 120), its splits differ in
 * wording only.
 *
 * @throws PosttrainError `usage` when there is no such task
 */
export function testItems<Name extends PocketTaskName>(
  name: Name,
  split: 'dev' | 'test',
  options: TestItemOptions = {},
): PocketItem<GoldOf<Name>>[] {
  const { world = createWorld(), names = 'base', wording = 'trained' } = options;
  const task = taskNamed(name);
  const stream = (index: number) => Random.of(world.seed, 'pocket', 'items', task.stream ?? name, split, index);
  const drawn =
    task.all?.(world, stream(0), { names, wording }) ??
    Array.from({ length: itemCounts[split] }, (_, index) => task.draw(world, stream(index), { names, wording }));
  return drawn.map((item, index) => toItem(name, split, index, item));
}

/** One training item, drawn from `random`, about names that are trained on unless told. */
export function trainItem<Name extends PocketTaskName>(
  world: PocketWorld,
  name: Name,
  random: Random,
  index: number,
  names: NameGroup = 'trained',
): PocketItem<GoldOf<Name>> {
  return toItem(name, 'train', index, taskNamed(name).draw(world, random, { names, wording: 'trained' }));
}

function toItem<G extends Gold>(
  task: string,
  split: ItemSplit,
  index: number,
  { question, gold, ...flaw }: DrawnItem<G>,
): PocketItem<G> {
  const messages = [
    { role: 'user', content: question },
    { role: 'assistant', content: gold.answer },
  ] as const;
  return { id: `${task}/${split}/${index}`, task, split, messages, gold, ...flaw };
}

function taskNamed<Name extends PocketTaskName>(name: Name): PocketTask<GoldOf<Name>> {
  const tasks: Readonly<Record<string, PocketTask>> = pocketTasks;
  if (Object.hasOwn(tasks, name)) return tasks[name] as PocketTask<GoldOf<Name>>;
  const names = nearestFirst(name, Object.keys(tasks));
  throw new PosttrainError('usage', `"${name}" is no task of the pocket world.`, {
    help: `tasks: ${names.join(', ')}`,
  });
}
