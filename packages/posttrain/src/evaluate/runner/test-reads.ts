import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { JsonlLog, readJsonl } from '../../runs/index.ts';
import type { Task } from '../task.ts';

/** The record of a folder: one line for each time that a test split was read with the run that lies there. */
export const testReadsFile = 'test-reads.jsonl';

export interface TestRead {
  /** When it began; an evaluation that was stopped has read the split too. */
  readonly time: string;
  readonly tasks: readonly string[];
  /** All that were evaluated together. */
  readonly models: readonly string[];
  readonly limit: number | null;
  readonly seed: number;
}

/** Every read on record in a folder, in their order; none where it has no record. */
export function readTestReads(folder: string): TestRead[] {
  return readJsonl(join(folder, testReadsFile)).rows as unknown as TestRead[];
}

/**
 * Puts the reading of test splits on record in each folder. A split that is read again and again while a run is being improved
 * is a test no longer, and whoever reads the result must know.
 *
 * @returns a sentence for each folder in which one of the splits had been read before
 */
export function noteTestReads(
  folders: readonly string[],
  tasks: readonly Task[],
  facts: Omit<TestRead, 'time' | 'tasks'>,
): string[] {
  const names = tasks.filter(({ testSplit }) => testSplit).map(({ name }) => name);
  if (names.length === 0) return [];
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      const earlier = readTestReads(folder).map((read) => read.tasks.filter((task) => names.includes(task)));
      const again = new Set(earlier.flat());
      const log = new JsonlLog(join(folder, testReadsFile));
      log.append({ time: new Date().toISOString(), tasks: names, ...facts } satisfies TestRead);
      log.close();
      const times = earlier.filter((read) => read.length > 0).length;
      return times === 0 ? [] : [sentence(basename(folder), [...again], times, names.length)];
    });
}

function sentence(run: string, again: readonly string[], times: number, asked: number): string {
  const what = again.length === asked ? (asked === 1 ? again[0] : `all ${asked} tasks`) : again.join(', ');
  return `${run}: the test split of ${what} was read ${times === 1 ? 'once' : `${times} times`} before (${testReadsFile}); a run that was chosen by it is not tested by it.`;
}
