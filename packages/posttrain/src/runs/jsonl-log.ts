import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { PosttrainError } from '../support/errors.ts';
import { writeError } from './durable-file.ts';

/**
 * A file of JSON lines that is only ever appended to, one write a line, so that a reader beside the writer, or after the
 * writer was killed, meets at most one unfinished line, the last.
 */
export class JsonlLog {
  readonly path: string;
  readonly #descriptor: number;

  /** Opens or makes the file; a last line that a killed writer left unfinished is closed off, and readers pass over it. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'a+');
    } catch (error) {
      throw writeError(error, path);
    }
    const { size } = fstatSync(this.#descriptor);
    const last = Buffer.alloc(1);
    if (size > 0 && readSync(this.#descriptor, last, 0, 1, size - 1) === 1 && last[0] !== newline) this.#write('\n');
  }

  /** Appends a row; what JSON cannot hold (NaN, infinities) becomes null. */
  append(row: object): void {
    this.#write(`${JSON.stringify(row)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    let written: number;
    try {
      written = writeSync(this.#descriptor, bytes);
    } catch (error) {
      throw writeError(error, this.path);
    }
    if (written === bytes.length) return;
    throw new PosttrainError('disk-full', `${this.path} took ${written} of ${bytes.length} bytes: the disk is full.`, {
      help: 'free some space, then resume the run.',
    });
  }
}

const newline = 0x0a;

export interface JsonlRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Lines that are no JSON object: a writer was killed inside them. */
  readonly torn: number;
}

/** The complete rows of a log, which may be in use; none where there is no file. A last line without its end is not there yet. */
export function readJsonl(path: string): JsonlRows {
  if (!existsSync(path)) return { rows: [], torn: 0 };
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const rows = lines.map(parseRow).filter((row) => row !== undefined);
  return { rows, torn: lines.length - rows.length };
}

function parseRow(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
