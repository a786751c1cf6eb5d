import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JsonlLog, readJsonl } from '../../runs/index.ts';
import { digest } from '../digest.ts';
import { withInfinities, withMarkedInfinities } from '../infinite-json.ts';

/**
 * What a model has answered so far: one file of JSON lines for each fingerprint, only ever appended to. Other weights,
 * tokenizer, template, precision or engine are another file, so that an answer is never taken for another model's.
 */
export class ResponseCache<Value> implements Disposable {
  readonly path: string;
  readonly #log: JsonlLog;
  readonly #values = new Map<string, Value>();

  /**
   * @param fingerprint everything about who answers that decides the answer
   * @throws PosttrainError `file-unwritable`, `disk-full`
   */
  constructor(dir: string, fingerprint: object) {
    mkdirSync(dir, { recursive: true });
    this.path = join(dir, `${digest(fingerprint).slice(0, 32)}.jsonl`);
    const { rows } = readJsonl(this.path);
    for (const { key, value } of rows)
      if (typeof key === 'string') this.#values.set(key, withInfinities(value) as Value);
    this.#log = new JsonlLog(this.path);
    if (rows.length === 0) this.#log.append({ fingerprint });
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  put(key: string, value: Value): void {
    this.#values.set(key, value);
    this.#log.append({ key, value: withMarkedInfinities(value) });
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }
}
