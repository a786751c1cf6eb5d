import { PosttrainError } from '../../support/errors.ts';
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
  return source.rows(file, options).map((row, i) => {
    try {
      return read(row);
    } catch (error) {
      if (!PosttrainError.is(error)) throw error;
      throw new PosttrainError(error.code, `row ${i + 1} of ${file ?? source.path}: ${error.message}`, {
        help: error.help,
        cause: error,
      });
    }
  });
}

/** The names of files of one ending: those of the folder, or undefined for a source that is itself the file. */
export function filesOf(source: DataSource, ending: string): (string | undefined)[] {
  return source.isFolder ? source.files(ending) : [undefined];
}
