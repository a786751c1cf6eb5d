import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { TokenRow } from '../data/types.ts';
import { writeError } from '../runs/durable-file.ts';
import { PosttrainError } from '../support/errors.ts';

export const format = 'posttrain top-k logits';

/** What a file of stored logits says of itself. */
export interface LogitsHeader {
  readonly format: typeof format;
  readonly version: 1;
  /** The model that they come from, and what it read in front of each prompt. */
  readonly teacher: string;
  readonly context: string | null;
  readonly temperature: number;
  /** Tokens kept at each target. */
  readonly k: number;
  readonly vocabulary: number;
}

/** The targets of one row: bytes as they are stored. */
export interface StoredTargets {
  readonly ids: Uint16Array | Uint32Array; // [M · K]
  /** float16 [M · C]: log-probabilities of the K tokens, then of the rest where K < V. */
  readonly logps: Uint16Array;
}

/**
 * Top-k logits of a teacher, row by row: a line of JSON, then for each row a key of its tokens and targets (16 bytes), the number of its
 * targets (uint32) and for all of them ids (uint16, or uint32 for a vocabulary above 65,536), then log-probabilities (float16), all
 * little-endian. K = 64 of a vocabulary up to 65,536 take 258 bytes a target.
 */
const headBytes = 20;

/** Writes a file that appears under its name only when it is whole. */
export class LogitsWriter implements Disposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #keys = new Set<string>();
  #file: number | undefined;

  constructor(path: string, header: LogitsHeader) {
    this.#path = path;
    this.#temporary = `${path}.tmp-${process.pid}`;
    this.#write(() => {
      this.#file = openSync(this.#temporary, 'w');
      writeSync(this.#file, `${JSON.stringify(header)}\n`);
    });
  }

  /** Adds a row; one that says the same as another is written once. */
  add(row: TokenRow, { ids, logps }: StoredTargets): void {
    const key = keyOf(row);
    if (this.#keys.has(key.toString('hex'))) return;
    this.#keys.add(key.toString('hex'));
    const count = Buffer.alloc(4);
    count.writeUInt32LE(targetsOf(row));
    this.#write(() => {
      for (const part of [key, count, bytesOf(ids), bytesOf(logps)]) writeSync(this.#file!, part);
    });
  }

  finish(): void {
    this.#write(() => {
      fsyncSync(this.#file!);
      closeSync(this.#file!);
      this.#file = undefined;
      renameSync(this.#temporary, this.#path);
    });
  }

  /** What was not finished is deleted. */
  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #write(body: () => void): void {
    try {
      body();
    } catch (error) {
      this[Symbol.dispose]();
      throw writeError(error, this.#path);
    }
  }
}

/** A file of stored logits, read row by row. */
export class StoredLogits implements Disposable {
  readonly path: string;
  readonly header: LogitsHeader;
  readonly #file: number;
  readonly #rows = new Map<string, { readonly at: number; readonly count: number }>();

  /** @throws file-unreadable where it is something else, or cut short */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'r');
    try {
      const { header, end } = this.#readHeader();
      this.header = header;
      this.#index(end);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Bytes of one target. */
  get width(): number {
    const { k, vocabulary } = this.header;
    return k * idBytes(vocabulary) + 2 * classesOf(this.header);
  }

  /** The targets of a row. @throws file-unreadable where the file does not have it */
  targets(row: TokenRow): StoredTargets {
    const found = this.#rows.get(keyOf(row).toString('hex'));
    if (!found) throw this.#unreadable(`has no logits for the row ${row.origin.file}:${row.origin.line}`, anew);
    const { k, vocabulary } = this.header;
    const bytes = this.#read(found.at, found.count * this.width);
    const ids = found.count * k * idBytes(vocabulary);
    const part = (start: number, end: number) => bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end);
    return {
      ids: idBytes(vocabulary) === 2 ? new Uint16Array(part(0, ids)) : new Uint32Array(part(0, ids)),
      logps: new Uint16Array(part(ids, bytes.length)),
    };
  }

  /** Where a row's targets stand. @throws file-unreadable where the file does not have it */
  find(row: TokenRow): { readonly at: number; readonly count: number } {
    const found = this.#rows.get(keyOf(row).toString('hex'));
    if (found) return found;
    throw this.#unreadable(`has no logits for the row ${row.origin.file}:${row.origin.line}`, anew);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #readHeader(): { header: LogitsHeader; end: number } {
    const start = this.#read(0, Math.min(4096, fstatSync(this.#file).size));
    const end = start.indexOf('\n');
    try {
      const header = JSON.parse(start.toString('utf8', 0, end)) as LogitsHeader;
      if (header.format === format && header.version === 1) return { header, end: end + 1 };
    } catch {
      // Said below: it is something else.
    }
    throw this.#unreadable(
      'is no file of stored logits',
      'distill.logits names the file that a run with a teacher writes.',
    );
  }

  #index(from: number): void {
    const size = fstatSync(this.#file).size;
    let at = from;
    while (at < size) {
      const head = at + headBytes <= size ? this.#read(at, headBytes) : undefined;
      const count = head?.readUInt32LE(16) ?? 0;
      const next = at + headBytes + count * this.width;
      if (!head || next > size) throw this.#unreadable('is cut short', anew);
      this.#rows.set(head.toString('hex', 0, 16), { at: at + headBytes, count });
      at = next;
    }
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const got = readSync(this.#file, bytes, done, length - done, at + done);
      if (got === 0) throw this.#unreadable('is cut short', anew);
      done += got;
    }
    return bytes;
  }

  #unreadable(what: string, help: string): PosttrainError {
    return new PosttrainError('file-unreadable', `${this.path} ${what}.`, { place: { file: this.path }, help });
  }
}

const anew = 'delete it, and a run with distill.teacher writes it anew for the rows of its recipe.';

export function classesOf({ k, vocabulary }: Pick<LogitsHeader, 'k' | 'vocabulary'>): number {
  return k < vocabulary ? k + 1 : k;
}

function idBytes(vocabulary: number): 2 | 4 {
  return vocabulary <= 65_536 ? 2 : 4;
}

/** Room for ids of a vocabulary. */
export function idArray(vocabulary: number, length: number): Uint16Array | Uint32Array {
  return idBytes(vocabulary) === 2 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Which tokens stand in a row and which of them are targets. */
function keyOf({ tokens, weights, documents }: TokenRow): Buffer {
  const hash = createHash('sha256');
  hash.update(bytesOf(tokens));
  hash.update(bytesOf(Uint8Array.from(weights, (weight) => (weight === 0 ? 0 : 1))));
  hash.update(JSON.stringify(documents ?? [tokens.length]));
  return hash.digest().subarray(0, 16);
}

function targetsOf({ weights }: TokenRow): number {
  let count = 0;
  for (let t = 1; t < weights.length; t++) if (weights[t] !== 0) count++;
  return count;
}

function bytesOf(values: NodeJS.TypedArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
