import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { PosttrainError, toPosttrainError } from '../support/errors.ts';

/** Makes a folder that only this user can write to. @throws PosttrainError `file-unwritable` or `folder-unsafe` */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new PosttrainError('file-unwritable', `The folder cannot be made: ${toPosttrainError(error).message}`, {
      place: { file: folder },
      help: 'Set POSTTRAIN_HOME to a folder that you can write to.',
      cause: error,
    });
  }
  requirePrivate(folder);
}

/**
 * Refuses a file or folder that another user could have put code into: not owned by this user, or writable by its group
 * or by others. Windows has no such bits; its user folders are private already.
 * @throws PosttrainError `folder-unsafe`
 */
export function requirePrivate(path: string): void {
  const problem = privacyProblem(path);
  if (!problem) return;
  throw new PosttrainError('folder-unsafe', `Code is not loaded from ${path}: ${problem}.`, {
    help: `If it is yours: chmod go-w ${path}\nElse set POSTTRAIN_HOME to a folder of your own.`,
  });
}

/** What speaks against loading code from `path`, or null. */
export function privacyProblem(path: string): string | null {
  if (process.platform === 'win32' || process.getuid === undefined) return null;
  const { uid, mode } = lstatSync(realpathSync(path));
  const me = process.getuid();
  if (uid !== me) return `it belongs to user ${uid}, and this process runs as user ${me}`;
  if ((mode & 0o022) !== 0) return `others may write to it (mode ${(mode & 0o777).toString(8)})`;
  return null;
}
