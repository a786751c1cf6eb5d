import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { JsonlLog, readJsonl } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';

/** Everything that decides what is asked. Two records of equal settings hold answers to the same questions. */
export type RecordSettings = Readonly<Record<string, string | number | null>>;

/**
 * What a model, a reward or a judge answered, one line an item after a line of settings. A stopped or killed command goes on after the last
 * whole line, and who would answer otherwise the next time is not asked again.
 */
export class ResumeRecord<Answers> implements Disposable {
  readonly path: string;
  readonly #log: JsonlLog;
  readonly #field: string;
  readonly #answers = new Map<string, Answers>();

  /**
   * @param field the key of a line that holds the answers
   * @throws PosttrainError `usage` where the file was made with other settings, naming them
   */
  constructor(path: string, settings: RecordSettings, field: string) {
    this.path = path;
    this.#field = field;
    const rows = existsSync(path) ? readJsonl(path).rows : [];
    const [first, ...rest] = rows;
    if (first !== undefined) refuseOther(path, first['settings'], settings);
    for (const row of rest) this.#answers.set(String(row['id']), row[field] as Answers);
    this.#log = new JsonlLog(path);
    if (first === undefined) this.#log.append({ settings });
  }

  get(id: string): Answers | undefined {
    return this.#answers.get(id);
  }

  add(id: string, answers: Answers): void {
    this.#log.append({ id, [this.#field]: answers });
    this.#answers.set(id, answers);
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }
}

function refuseOther(path: string, before: unknown, now: RecordSettings): void {
  if (isDeepStrictEqual(before, now)) return;
  const known = typeof before === 'object' && before !== null ? (before as RecordSettings) : {};
  const differ = [...new Set([...Object.keys(known), ...Object.keys(now)])].filter((key) => known[key] !== now[key]);
  const list = differ.map(
    (key) => `${key} was ${JSON.stringify(known[key] ?? null)}, now ${JSON.stringify(now[key] ?? null)}`,
  );
  throw new PosttrainError('usage', `${path} holds answers that were drawn otherwise: ${list.join('; ')}.`, {
    help: 'name another --out, or delete the file; what is in it was left as it is.',
  });
}
