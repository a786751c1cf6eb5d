import { existsSync, readFileSync } from 'node:fs';
import { type Comparison, type PairToLabel, pairId, parseFeedbackRow } from '../data/index.ts';
import { JsonlLog, replaceFile } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';

export type Choice = Comparison['choice'];

/**
 * The file that a person's choices go to: one line for each, on the disk before the next pair is shown, so that a killed session loses
 * nothing. Several people may share a file, one after the other.
 */
export class LabelFile {
  readonly path: string;
  readonly #annotator: string;
  readonly #now: () => Date;
  #labelled: string[];

  /** @throws data-invalid where the file holds something else than comparisons */
  constructor(path: string, annotator: string, now: () => Date = () => new Date()) {
    this.path = path;
    this.#annotator = annotator;
    this.#now = now;
    this.#labelled = completeLines(path).flatMap((line, i) => {
      const row = comparisonOf(line, path, i + 1);
      return row.annotator === annotator ? [pairId(row)] : [];
    });
  }

  /** The pairs that this person has chosen on, oldest first. */
  get labelled(): readonly string[] {
    return this.#labelled;
  }

  /** Writes a choice between the two answers in the order in which they were shown. */
  add({ prompt, tools, answers, id }: PairToLabel, choice: Choice): void {
    const log = new JsonlLog(this.path);
    try {
      const said = { choice, annotator: this.#annotator, time: this.#now().toISOString() };
      log.append({ prompt, ...(tools ? { tools } : {}), answers, ...said });
    } finally {
      log.close();
    }
    this.#labelled.push(id);
  }

  /** Takes this person's last choice back, and says which pair it was on; undefined where there is none. */
  undo(): string | undefined {
    const id = this.#labelled.at(-1);
    if (id === undefined) return undefined;
    const lines = completeLines(this.path);
    const last = lines.findLastIndex((line, i) => comparisonOf(line, this.path, i + 1).annotator === this.#annotator);
    replaceFile(
      this.path,
      lines
        .filter((_, i) => i !== last)
        .map((line) => `${line}\n`)
        .join(''),
    );
    this.#labelled = this.#labelled.slice(0, -1);
    return id;
  }
}

/** Lines with their end: what a killed writer left unfinished is no line yet. */
function completeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.trim() !== '' && isJson(line));
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function comparisonOf(line: string, file: string, at: number): Comparison {
  const place = { file, line: at };
  try {
    const row = parseFeedbackRow(JSON.parse(line), place);
    if (row.kind === 'comparison') return row;
  } catch (cause) {
    throw foreign(place, cause);
  }
  throw foreign(place);
}

function foreign(place: { file: string; line: number }, cause?: unknown): PosttrainError {
  return new PosttrainError(
    'data-invalid',
    `${place.file}:${place.line} is no choice between two answers, so labels cannot be added to it.`,
    {
      help: 'name another file by --out; nothing was changed in this one.',
      place,
      cause,
    },
  );
}
