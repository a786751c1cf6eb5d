import { PosttrainError } from '../../support/errors.ts';
import { parseDelimited } from '../csv.ts';
import type { DataRow, DataSource, RowOptions } from '../data-source.ts';

/**
 * Every row of a file through `read`. What `read` refuses is refused with the row's place.
 * @param file of the source's folder; the source itself when left out
 * @throws PosttrainError what reading throws
 */
export function readRows<T>(
  source: DataSource,
  read: (row: DataRow) => T,
  file?: string,
  options: RowOptions = {},
): T[] {
  return eachRow(source.rows(file, options), read, file ?? source.path);
}

/** Rows of a TSV file whose fields may stand in quotes, as pandas writes them; names of columns come first. */
export function readQuotedTsv<T>(source: DataSource, read: (row: DataRow) => T, file: string): T[] {
  const parsed = parseDelimited(source.text(file).replace(/^\uFEFF/, ''), '\t', { quotes: true });
  if ('unclosedAt' in parsed)
    throw new PosttrainError('data-invalid', 'a quoted field never ends.', {
      place: { file, line: parsed.unclosedAt },
    });
  const [names = [], ...body] = parsed.rows;
  const rows = body.map((fields, i): DataRow => {
    if (fields.length === names.length) return Object.fromEntries(names.map((name, at) => [name, fields[at]!]));
    throw new PosttrainError('data-invalid', `row ${i + 1} has ${fields.length} fields instead of ${names.length}.`, {
      place: { file },
    });
  });
  return eachRow(rows, read, file);
}

/** The names of files of one ending: those of the folder, or undefined for a source that is itself the file. */
export function filesOf(source: DataSource, ending: string): (string | undefined)[] {
  return source.isFolder ? source.files(ending) : [undefined];
}

function eachRow<T>(rows: readonly DataRow[], read: (row: DataRow) => T, file: string): T[] {
  return rows.map((row, i) => {
    try {
      return read(row);
    } catch (error) {
      if (!PosttrainError.is(error)) throw error;
      throw new PosttrainError(error.code, `row ${i + 1} of ${file}: ${error.message}`, {
        help: error.help,
        cause: error,
      });
    }
  });
}
