import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { SampledAnswer } from '../data/index.ts';
import { JsonlLog, readJsonl } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';

/** Everything that decides what is sampled. Two records of equal settings hold equal answers. */
export type SampleSettings = Readonly<Record<string, string | number | null>>;

/**
 * The answers as they were drawn and scored, one line a prompt after a line of settings. A stopped or killed command goes on after the last
 * whole line, and rewards that would answer otherwise the next time are not asked again.
 */
export class SampleRecord implements Disposable {
  readonly path: string;
  readonly #log: JsonlLog;
  readonly #answers = new Map<string, readonly SampledAnswer[]>();

  /** @throws PosttrainError `usage` where the file was made with other settings, naming them */
  constructor(path: string, settings: SampleSettings) {
    this.path = path;
    const rows = existsSync(path) ? readJsonl(path).rows : [];
    const [first, ...rest] = rows;
    if (first !== undefined) refuseOther(path, first['settings'], settings);
    for (const row of rest) this.#answers.set(String(row['id']), row['answers'] as readonly SampledAnswer[]);
    this.#log = new JsonlLog(path);
    if (first === undefined) this.#log.append({ settings });
  }

  get(id: string): readonly SampledAnswer[] | undefined {
    return this.#answers.get(id);
  }

  add(id: string, answers: readonly SampledAnswer[]): void {
    this.#log.append({ id, answers });
    this.#answers.set(id, answers);
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }
}

function refuseOther(path: string, before: unknown, now: SampleSettings): void {
  if (isDeepStrictEqual(before, now)) return;
  const known = typeof before === 'object' && before !== null ? (before as SampleSettings) : {};
  const differ = [...new Set([...Object.keys(known), ...Object.keys(now)])].filter((key) => known[key] !== now[key]);
  const list = differ.map(
    (key) => `${key} was ${JSON.stringify(known[key] ?? null)}, now ${JSON.stringify(now[key] ?? null)}`,
  );
  throw new PosttrainError('usage', `${path} holds answers that were drawn otherwise: ${list.join('; ')}.`, {
    help: 'name another --out, or delete the file; what is in it was left as it is.',
  });
}
