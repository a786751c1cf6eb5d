import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';

/** Replaces a file whole: a reader, or a process that is killed, sees the old text or the new one and nothing between. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    writeFileSync(temporary, text);
    syncToDisk(temporary);
    renameSync(temporary, path);
    syncToDisk(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeError(error, path);
  }
}

/** Removes temporary files and folders, named `prefix…-PID`, whose process is gone. */
export function removeAbandoned(dir: string, prefix: string): void {
  for (const name of readdirSync(dir)) {
    const pid = name.startsWith(prefix) ? /-(\d+)$/.exec(name)?.[1] : undefined;
    if (pid !== undefined && !processExists(Number(pid))) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** Whether a process of this number is there, dead ones that nobody waited for included. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) !== 'ESRCH';
  }
}

/** Waits until a file, or the list of names in a folder, is on the disk. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Windows and some network folders refuse to sync a folder; a rename is durable there without it or not at all.
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EBADF', 'ENOTSUP'].includes(errno(error) ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

const reasons: Readonly<Record<string, { readonly what: string; readonly help: string }>> = {
  ENOSPC: { what: 'the disk is full', help: 'free some space, or lower every.keep, then resume the run.' },
  EDQUOT: { what: 'the disk quota is used up', help: 'free some space, or lower every.keep, then resume the run.' },
  EACCES: { what: 'permission is denied', help: 'choose another run folder, or change its owner or mode.' },
  EPERM: { what: 'the operation is not permitted', help: 'choose another run folder, or change its owner or mode.' },
  EROFS: { what: 'the disk is read-only', help: 'choose another run folder.' },
  ENOTDIR: { what: 'a part of the path is a file', help: 'choose another run folder.' },
  EEXIST: { what: 'a file of that name is in the way', help: 'choose another run folder.' },
  ENAMETOOLONG: { what: 'the name is too long', help: 'choose a shorter name.' },
  EBUSY: { what: 'it is a mount point or in use', help: 'choose a run folder inside it.' },
  EIO: { what: 'the disk reports an error', help: 'check the disk, then resume the run.' },
};

/** A failed write in this package's words; what is no failure to write passes through unchanged. */
export function writeError(error: unknown, path: string): unknown {
  const reason = reasons[errno(error) ?? ''];
  if (reason === undefined) return error;
  const full = errno(error) === 'ENOSPC' || errno(error) === 'EDQUOT';
  return new PosttrainError(full ? 'disk-full' : 'file-unwritable', `${path} cannot be written: ${reason.what}.`, {
    help: reason.help,
    cause: error,
  });
}

export function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
