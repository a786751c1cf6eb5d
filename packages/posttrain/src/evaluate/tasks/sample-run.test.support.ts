import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { DataSource } from '../data-source.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel, type TableModelOptions } from '../models/table-model.ts';
import { dataName, type Task } from '../task.ts';

/** Files of a task's data by their name; rows become JSONL. A single file is the data itself, several are its folder. */
export type Files = Readonly<Record<string, string | readonly object[]>>;

/** Writes files and gives the path that `--data` would. */
export function dataPath(t: TestContext, files: Files): string {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const text = typeof content === 'string' ? content : content.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(join(folder, name), text);
  }
  const names = Object.keys(files);
  return names.length === 1 && !names[0]!.includes('/') ? join(folder, names[0]!) : folder;
}

export async function docsOf(t: TestContext, task: Task, files: Files): Promise<readonly unknown[]> {
  return task.docs(new DataSource(dataPath(t, files)));
}

/** Asks a task of a table model: figures by metric, and the items. */
export async function runSample(t: TestContext, task: Task, files: Files, model: TableModelOptions) {
  const evaluation = await runEvaluation({
    models: [new TableModel({ contextLength: 100_000, ...model })],
    tasks: [task],
    data: { [dataName(task)!]: dataPath(t, files) },
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 50,
  });
  const [result] = evaluation.result.results;
  const figures = Object.fromEntries(result!.metrics.map(({ name, value }) => [name, value]));
  return { figures, result: result!, items: evaluation.runs[0]!.items };
}

/** A model to which one of the continuations is likely: that which `pick` gives for the context. */
export function preferring(pick: (context: string) => string): TableModelOptions {
  return { logp: (context, continuation) => (continuation === pick(context) ? -1 : -20) };
}
