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

  /**
   * A last line that a killed writer left unfinished is taken away: it is no choice, and would be a bad row to every reader.
   * @throws data-invalid where the file holds something else than comparisons
   */
  constructor(path: string, annotator: string, now: () => Date = () => new Date()) {
    this.path = path;
    this.#annotator = annotator;
    this.#now = now;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#labelled = linesOf(whole).flatMap((line, i) => {
      if (line.trim() === '') return [];
      const row = comparisonOf(line, path, i + 1);
      return row.annotator === annotator ? [pairId(row)] : [];
    });
    if (whole !== text) replaceFile(path, whole);
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
    const lines = linesOf(readFileSync(this.path, 'utf8'));
    const last = lines.findLastIndex((line, i) => {
      return line.trim() !== '' && comparisonOf(line, this.path, i + 1).annotator === this.#annotator;
    });
    const kept = lines.filter((_, i) => i !== last);
    replaceFile(this.path, kept.map((line) => `${line}\n`).join(''));
    this.#labelled = this.#labelled.slice(0, -1);
    return id;
  }
}

/** Every line that has its end, blank ones included, so that their numbers are those of the file. */
function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
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
