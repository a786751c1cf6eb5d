import { PosttrainError, type PosttrainErrorCode } from '../support/errors.ts';
import type { RowOrigin } from './types.ts';

/** What is wrong with one row, thrown while it is parsed and collected by `RowProblems`. */
export class RowError extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.help = help;
  }
}

const SHOWN = 10;

/** Problems of many rows, so that a person sees the first ten and the count instead of one at a time. */
export class RowProblems {
  readonly #first: { origin: RowOrigin; message: string }[] = [];
  readonly #helps = new Set<string>();
  #count = 0;
  #code: PosttrainErrorCode | undefined;

  /** @param code the first problem's code becomes the error's */
  add(origin: RowOrigin, message: string, help?: string, code: PosttrainErrorCode = 'data-invalid'): void {
    this.#code ??= code;
    this.#count++;
    if (this.#first.length < SHOWN) this.#first.push({ origin, message });
    if (help) this.#helps.add(help);
  }

  /**
   * Throws one error for everything that was added.
   * @param checked how many rows were looked at
   * @param what what the rows suffer from: "cannot be read"
   */
  throwIfAny(checked: number, what: string): void {
    const [first] = this.#first;
    if (!first) return;
    const list = this.#first.map(({ origin, message }) => `\n  ${origin.file}:${origin.line}: ${message}`).join('');
    const more = this.#count > SHOWN ? `\n  … and ${this.#count - SHOWN} more` : '';
    throw new PosttrainError(this.#code ?? 'data-invalid', `${this.#count} of ${checked} rows ${what}:${list}${more}`, {
      help: this.#helps.size > 0 ? [...this.#helps].join('\n') : undefined,
      place: { file: first.origin.file, line: first.origin.line },
      data: { count: this.#count, rows: this.#first.map(({ origin, message }) => ({ ...origin, message })) },
    });
  }
}
