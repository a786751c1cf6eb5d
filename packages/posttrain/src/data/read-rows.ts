import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { splitJsonArray } from './json-array.ts';
import { describeType, type IgnoredKey } from './messages.ts';
import { type FileFingerprint, readText, visitLines } from './read-lines.ts';
import { RowError, RowProblems } from './row-problems.ts';
import type { RowOrigin } from './types.ts';

/** Everything that a path held. */
export interface ReadRows<Row> {
  readonly rows: readonly Row[];
  readonly files: readonly FileFingerprint[];
  /** SHA-256 of the file's bytes; of a folder, over the names and hashes of its files. */
  readonly fingerprint: string;
  /** Keys that rows have and nothing reads, with the number of rows (or messages) that have them. */
  readonly ignoredKeys: Readonly<Record<string, number>>;
  /** Files of a folder that are of no known kind. */
  readonly skippedFiles: readonly string[];
}

const ROW_KINDS: readonly string[] = ['.jsonl', '.json'];
const DOCUMENT_KINDS: readonly string[] = ['.txt', '.md'];

export interface RowReaders<Row> {
  /** Reads one row; throws a RowError where it cannot. Each key that it passes over goes to `ignored`. */
  parse(value: unknown, origin: RowOrigin, ignored: IgnoredKey): Row;
  /** Reads a `.txt` or `.md` file; without it such files are of no known kind. */
  readonly document?: (text: string, origin: RowOrigin) => Row;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a `.jsonl` file (streamed), a `.json` file that holds one array, documents where they are rows, or all of these in a
 * folder and its subfolders, in the order of their names.
 * @throws file-missing, file-unreadable, data-invalid (the first ten bad rows and their count), data-empty
 */
export async function readRows<Row>(path: string, readers: RowReaders<Row>): Promise<ReadRows<Row>> {
  const kinds = readers.document ? [...ROW_KINDS, ...DOCUMENT_KINDS] : ROW_KINDS;
  const { files, skipped } = await listFiles(path, kinds);
  const reader = new RowReader(readers);
  for (const file of files) await reader.read(file);
  reader.problems.throwIfAny(reader.count, 'cannot be read');
  if (reader.rows.length === 0) {
    throw new PosttrainError('data-empty', `${path} holds no rows`, {
      help: `rows come from ${kinds.join(', ')} files; blank lines and empty documents do not count.`,
      place: { file: path },
    });
  }
  return {
    rows: reader.rows,
    files: reader.files,
    fingerprint: fingerprintOf(path, reader.files),
    ignoredKeys: Object.fromEntries(reader.ignored),
    skippedFiles: skipped,
  };
}

class RowReader<Row> {
  readonly rows: Row[] = [];
  readonly files: FileFingerprint[] = [];
  readonly ignored = new Map<string, number>();
  readonly problems = new RowProblems();
  count = 0;
  readonly #readers: RowReaders<Row>;

  constructor(readers: RowReaders<Row>) {
    this.#readers = readers;
  }

  async read(file: string): Promise<void> {
    this.#readers.signal?.throwIfAborted();
    const kind = extname(file).toLowerCase();
    if (kind === '.jsonl')
      this.files.push(await visitLines(file, (text, line) => this.#row(file, text, line), this.#readers.signal));
    else if (kind === '.json') await this.#readArray(file);
    else await this.#readDocument(file);
  }

  async #readArray(file: string): Promise<void> {
    const { text, fingerprint } = await readText(file);
    this.files.push(fingerprint);
    const elements = text === null ? undefined : splitJsonArray(text);
    if (elements) {
      for (const element of elements) this.#row(file, element.text, element.line);
      return;
    }
    throw new PosttrainError('file-unreadable', `${file} is not one JSON array of rows${whyNot(text)}`, {
      help: 'one JSON object per line belongs in a file that ends in .jsonl.',
      place: { file },
    });
  }

  async #readDocument(file: string): Promise<void> {
    const { text, fingerprint } = await readText(file);
    this.files.push(fingerprint);
    this.count++;
    const origin = { file, line: 1 };
    if (text === null) this.problems.add(origin, 'not valid UTF-8');
    else if (text.trim() !== '') this.rows.push(this.#readers.document!(text, origin));
  }

  #row(file: string, text: string | null, line: number): void {
    if (text !== null && text.trim() === '') return;
    this.count++;
    const origin = { file, line };
    try {
      if (text === null) throw new RowError('not valid UTF-8');
      const seen = new Set<string>();
      this.rows.push(this.#readers.parse(parseJson(text), origin, (key) => seen.add(key)));
      for (const key of seen) this.ignored.set(key, (this.ignored.get(key) ?? 0) + 1);
    } catch (thrown) {
      if (!(thrown instanceof RowError)) throw thrown;
      this.problems.add(origin, thrown.message, thrown.help);
    }
  }
}

function whyNot(text: string | null): string {
  if (text === null) return ': not valid UTF-8';
  try {
    const value: unknown = JSON.parse(text);
    return `: it holds ${describeType(value)}`;
  } catch (cause) {
    return `: ${(cause as Error).message}`;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RowError(`not valid JSON: ${(cause as Error).message}`);
  }
}

async function listFiles(path: string, kinds: readonly string[]): Promise<{ files: string[]; skipped: string[] }> {
  const info = await stat(path).catch(() => undefined);
  if (!info) {
    throw new PosttrainError('file-missing', `there is no file or folder ${path}`, {
      help: 'paths are taken from the folder of the recipe, or from the current folder.',
      place: { file: path },
    });
  }
  if (info.isFile()) {
    if (kinds.includes(extname(path).toLowerCase())) return { files: [path], skipped: [] };
    throw new PosttrainError('file-unreadable', `${path} is of no known kind`, {
      help: `known kinds are ${kinds.join(', ')}, and folders of them.`,
      place: { file: path },
    });
  }
  const files: string[] = [];
  const skipped: string[] = [];
  await collect(path, kinds, files, skipped);
  return { files: files.sort(byCodeUnits), skipped: skipped.sort(byCodeUnits) };
}

async function collect(folder: string, kinds: readonly string[], files: string[], skipped: string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue; // editors' and version control's own files
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(path, kinds, files, skipped);
    else (kinds.includes(extname(entry.name).toLowerCase()) ? files : skipped).push(path);
  }
}

/** The same order on every machine, whatever its locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fingerprintOf(path: string, files: readonly FileFingerprint[]): string {
  if (files.length === 1 && files[0]!.file === path) return files[0]!.sha256;
  const hash = createHash('sha256');
  for (const { file, sha256 } of files) hash.update(`${file.slice(path.length)}\0${sha256}\n`);
  return hash.digest('hex');
}
