import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { importModule } from '../runs/recipe/load-code.ts';
import { PosttrainError } from '../support/errors.ts';
import { nearestName } from '../support/nearest.ts';
import { defineTask, type Task } from './task.ts';

const codeFile = /\.[cm]?[jt]s$/;

/**
 * The tasks that names and files stand for: a task's name, the name that several stand right below (`legalbench` for all of
 * `legalbench/…`, but not for their variants such as `…/chat`), or a file whose default export is a task or a list of them. Code runs only because its file is named.
 * @throws PosttrainError `usage` for a name that is none, with the nearest; `file-missing`
 */
export async function loadTasks(names: readonly string[], known: readonly Task[]): Promise<Task[]> {
  const found: Task[] = [];
  for (const name of names) found.push(...(codeFile.test(name) ? await tasksOfFile(name) : tasksOfName(name, known)));
  return [...new Set(found)];
}

function tasksOfName(name: string, known: readonly Task[]): Task[] {
  const exact = known.filter((task) => task.name === name);
  if (exact.length > 0) return exact;
  const below = known.filter(
    (task) => task.name.startsWith(`${name}/`) && !task.name.slice(name.length + 1).includes('/'),
  );
  if (below.length > 0) return below;
  const names = [...new Set(known.flatMap((task) => [task.name, task.name.split('/')[0]!]))];
  const nearest = nearestName(name, names);
  throw new PosttrainError('usage', `There is no task ${name}.`, {
    help: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}There are ${[...new Set(names.map((one) => one.split('/')[0]!))].join(', ')}; a file of your own ends in .eval.ts.`,
  });
}

async function tasksOfFile(file: string): Promise<Task[]> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new PosttrainError('file-missing', `There is no file ${file}.`, {
      help: 'a task file exports one task, or a list of them, as default.',
    });
  let exported: unknown;
  try {
    exported = (await importModule(path))['default'];
  } catch (cause) {
    if (PosttrainError.is(cause)) throw cause;
    throw new PosttrainError(
      'usage',
      `the task file failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        place: { file },
        cause,
      },
    );
  }
  const tasks: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  return tasks.map((task) => {
    const missing = ['name', 'docs', 'request', 'metrics', 'score'].filter(
      (key) => typeof task !== 'object' || task === null || !(key in task),
    );
    if (missing.length === 0) return defineTask(task as Task);
    throw new PosttrainError('usage', `the default export is no task: it has no ${missing.join(', ')}.`, {
      place: { file },
      help: 'write export default defineTask({ … }), with defineTask from posttrain/evaluate.',
    });
  });
}
