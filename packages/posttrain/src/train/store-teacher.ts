import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TokenRow } from '../data/types.ts';
import { noGrad, scope, toArray, toTypedArray } from '../tensor/index.ts';
import { makeBatch } from './batch.ts';
import { logitRows } from './logit-head.ts';
import { topKOf } from './losses/top-k.ts';
import { classesOf, idArray, type LogitsHeader, LogitsWriter, type StoredTargets } from './stored-logits.ts';
import type { Teacher } from './teacher.ts';

export interface StoreOptions {
  readonly path: string;
  readonly header: LogitsHeader;
  /** All rows that the objective can meet. */
  readonly rows: readonly TokenRow[];
  /** Rows of one forward pass. */
  readonly together: number;
  readonly stopRequested: () => boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/** Runs a teacher over all rows once and keeps its likeliest tokens at each target. @returns whether it is done: not where a stop was requested */
export async function storeTeacher(teacher: Teacher, options: StoreOptions): Promise<boolean> {
  const { rows, together, onProgress } = options;
  using writer = new LogitsWriter(options.path, options.header);
  for (let start = 0; start < rows.length; start += together) {
    if (options.stopRequested()) return false;
    const some = rows.slice(start, start + together);
    const found = targetsOf(teacher, some, options.header);
    for (const [i, row] of some.entries()) writer.add(row, found[i]!);
    onProgress(Math.min(start + together, rows.length), rows.length);
    await nextTurn();
  }
  writer.finish();
  return true;
}

function targetsOf(
  teacher: Teacher,
  rows: readonly TokenRow[],
  { k, temperature, vocabulary }: LogitsHeader,
): StoredTargets[] {
  return scope(() => {
    const batch = makeBatch(rows.map((row) => [row]));
    const logitsOf = teacher(batch);
    return batch.rows.map(({ start, count }) => {
      const made = {
        ids: idArray(vocabulary, count * k),
        logps: new Uint16Array(count * classesOf({ k, vocabulary })),
      };
      for (let done = 0; done < count; done += logitRows)
        scope(() =>
          noGrad(() => {
            const top = topKOf(logitsOf(start + done, Math.min(logitRows, count - done)), k, temperature);
            made.ids.set(toArray(top.ids), done * k);
            // float16 ends at 65,504, and what is infinite cannot be compared.
            const bits = toTypedArray(top.logps.clamp(-60_000).toDtype('float16').viewAs('int16'));
            made.logps.set(bits as Int16Array, done * classesOf({ k, vocabulary }));
          }),
        );
      return made;
    });
  });
}
