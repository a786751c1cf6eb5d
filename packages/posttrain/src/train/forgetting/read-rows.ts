import { visitLines } from '../../data/read-lines.ts';
import { RowError, RowProblems } from '../../data/row-problems.ts';
import { PosttrainError } from '../../support/errors.ts';

/** Fewer windows or questions than this make no interval worth reading. */
export const fewestMeasured = 10;

type Row = Readonly<Record<string, unknown>>;

/**
 * The rows of a .jsonl file, all of which have to be good.
 * @param key of the recipe, for messages
 * @param parse throws RowError for what is wrong with a row
 * @throws file-missing, file-unreadable, data-invalid with the first ten bad rows, data-empty.
 */
export async function readJsonRows<T>(
  file: string,
  key: string,
  parse: (row: Row, line: number) => T,
): Promise<{ rows: T[]; sha256: string }> {
  const problems = new RowProblems();
  const rows: T[] = [];
  let count = 0;
  const visit = (text: string | null, line: number) => {
    if (text?.trim() === '') return;
    count++;
    try {
      rows.push(parse(parseRow(text), line));
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problems.add({ file, line }, error.message, error.help);
    }
  };
  const { sha256 } = await visitLines(file, visit).catch((cause: unknown) => {
    throw fileError(file, key, cause);
  });
  problems.throwIfAny(count, `of ${key} cannot be used`);
  if (rows.length === 0) throw new PosttrainError('data-empty', `${file} holds no rows.`, { place: { file, key } });
  return { rows, sha256 };
}

function parseRow(text: string | null): Row {
  if (text === null) throw new RowError('it is not UTF-8.');
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw new RowError(`it is not JSON: ${(cause as Error).message}.`);
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  throw new RowError('it is no JSON object.');
}

/** A file that cannot be opened. What is no error of the file system passes through. */
export function fileError(file: string, key: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT')
    return new PosttrainError('file-missing', `there is no file ${file}.`, { place: { key }, cause });
  if (code === undefined) return cause;
  return new PosttrainError('file-unreadable', `${file} cannot be read: ${(cause as Error).message}.`, {
    place: { key },
    cause,
  });
}

/** @throws data-invalid for a file that could never be measured. */
export function refuseFew(count: number, what: string, file: string, key: string, help: string): void {
  if (count >= fewestMeasured) return;
  const shown = `${count} ${what}${count === 1 ? '' : 's'}`;
  throw new PosttrainError(
    'data-invalid',
    `${file} holds ${shown}, and ${fewestMeasured} are the least that tell anything.`,
    { place: { file, key }, help },
  );
}
