import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { parseDelimited } from './csv.ts';

export type DataRow = Readonly<Record<string, unknown>>;

/** A file that was read, so that a result says what it was made from. */
export interface DataFile {
  /** Relative to the source's path, with forward slashes; the file's own name where the path is a file. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface RowOptions {
  /** By the file's ending when left out. */
  readonly format?: 'jsonl' | 'json' | 'csv' | 'tsv';
  /** Names of the columns of a CSV or TSV file that has none in its first line. */
  readonly columns?: readonly string[];
  /** Whether a field of a CSV or TSV file may stand in double quotes; without it they may in CSV, and not in TSV. */
  readonly quotes?: boolean;
}

/** The file or folder that the user gave a task. Reading is recorded. */
export class DataSource {
  /** Absolute. */
  readonly path: string;
  readonly #read = new Map<string, DataFile>();

  /** @throws PosttrainError `file-missing` */
  constructor(path: string) {
    this.path = resolve(path);
    if (!statSync(this.path, { throwIfNoEntry: false }))
      throw new PosttrainError('file-missing', `There is no file or folder ${path}.`, {
        help: '--data NAME=PATH gives the data of a task.',
      });
  }

  /** Every file read so far, by name. */
  get read(): readonly DataFile[] {
    return [...this.#read.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  get isFolder(): boolean {
    return statSync(this.path).isDirectory();
  }

  /** Names of the files below the folder, sorted, with forward slashes; only those that end in `ending`. */
  files(ending = ''): string[] {
    if (!this.isFolder) return [];
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .sort();
  }

  /** The text of the file, or of a file of the folder. @throws PosttrainError `file-missing`, `file-unreadable` */
  text(file?: string): string {
    const path = this.#locate(file);
    const bytes = readFileSync(path);
    const name = file ?? path.slice(path.lastIndexOf(sep) + 1);
    this.#read.set(name, { file: name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (cause) {
      throw new PosttrainError('file-unreadable', `${path} is not UTF-8.`, { cause });
    }
  }

  /**
   * The rows of the file, or of a file of the folder: a JSONL line, an element of a JSON array, or a line of CSV or TSV under
   * the names of its first line.
   * @throws PosttrainError `file-missing`, `data-invalid` with the line
   */
  rows(file?: string, options: RowOptions = {}): DataRow[] {
    const path = this.#locate(file);
    const kind = options.format ?? extname(path).slice(1).toLowerCase();
    const text = this.text(file);
    if (kind === 'jsonl') return jsonLines(text, path);
    if (kind === 'json') return jsonArray(text, path);
    if (kind === 'csv' || kind === 'tsv') return table(text, path, kind === 'csv' ? ',' : '\t', options);
    throw new PosttrainError('file-unreadable', `${path} is neither .jsonl, .json, .csv nor .tsv.`, {
      help: 'name a file with one of these endings, or convert it.',
    });
  }

  #locate(file: string | undefined): string {
    const path = file === undefined ? this.path : resolve(this.path, file);
    if (file !== undefined && relative(this.path, path).startsWith('..'))
      throw new PosttrainError('usage', `${file} leads out of ${this.path}.`);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw new PosttrainError('file-missing', `There is no file ${path}.`, { help: this.#listing() });
    if (found.isDirectory())
      throw new PosttrainError('file-unreadable', `${path} is a folder; one of its files is needed.`, {
        help: this.#listing(),
      });
    return path;
  }

  #listing(): string | undefined {
    const names = this.files();
    if (names.length === 0) return undefined;
    const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
    return `${this.path} holds ${names.slice(0, 8).join(', ')}${more}.`;
  }
}

function invalid(path: string, line: number, what: string): PosttrainError {
  return new PosttrainError('data-invalid', `${what}.`, { place: { file: path, line } });
}

function jsonLines(text: string, path: string): DataRow[] {
  return text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [jsonRow(line, path, i + 1)]));
}

function jsonRow(line: string, path: string, number: number): DataRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw invalid(path, number, `the line is no JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as DataRow;
  throw invalid(path, number, 'the line holds no JSON object');
}

function jsonArray(text: string, path: string): DataRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, 1, `the file is no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(value)) throw invalid(path, 1, 'the file holds no JSON array');
  return value as DataRow[];
}

function table(text: string, path: string, delimiter: ',' | '\t', { columns, quotes }: RowOptions): DataRow[] {
  const parsed = parseDelimited(text.replace(/^\uFEFF/, ''), delimiter, { quotes });
  if ('unclosedAt' in parsed) throw invalid(path, parsed.unclosedAt, 'a quoted field never ends');
  const names = columns ?? parsed.rows[0] ?? [];
  const body = columns ? parsed.rows : parsed.rows.slice(1);
  return body.map((fields, i) => {
    if (fields.length !== names.length)
      throw invalid(path, i + (columns ? 1 : 2), `row ${i + 1} has ${fields.length} fields instead of ${names.length}`);
    return Object.fromEntries(names.map((name, column) => [name, fields[column]!]));
  });
}

/** A row's text under a name. @throws PosttrainError `data-invalid` naming the keys that are there */
export function textOf(row: DataRow, key: string): string {
  const value = row[key];
  if (typeof value === 'string') return value;
  throw missingKey(row, key, 'text');
}

/** A row's number under a name; digits in quotes count. @throws PosttrainError `data-invalid` */
export function numberOf(row: DataRow, key: string): number {
  const value = row[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw missingKey(row, key, 'a number');
}

/** A row's list of texts under a name. @throws PosttrainError `data-invalid` */
export function textsOf(row: DataRow, key: string): readonly string[] {
  const value = row[key];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  throw missingKey(row, key, 'a list of texts');
}

function missingKey(row: DataRow, key: string, wanted: string): PosttrainError {
  const shown = key in row ? `${JSON.stringify(row[key])?.slice(0, 60)}` : 'missing';
  return new PosttrainError('data-invalid', `"${key}" is ${shown}, and ${wanted} is needed.`, {
    help: `the row has ${Object.keys(row)
      .map((name) => `"${name}"`)
      .join(', ')}.`,
  });
}
