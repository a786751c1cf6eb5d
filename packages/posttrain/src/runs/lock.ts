import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { errno, processExists, writeError } from './durable-file.ts';

const lockName = 'lock';

/** Who trains into a run folder. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When that process started, so that another one that got the same number later is told apart; null where the system does not say. */
  readonly started: string | null;
}

export interface RunLock {
  /** Gives the folder free; does nothing when it is no longer ours. */
  release(): void;
}

/**
 * Takes the lock of a run folder for this process. The lock of a process that is gone is taken over.
 * @throws PosttrainError `run-locked` when a living process, or one on another machine, holds it.
 */
export function lockRun(dir: string): RunLock {
  const path = join(dir, lockName);
  const mine: LockHolder = { pid: process.pid, host: hostname(), started: processStart(process.pid) };
  const text = `${JSON.stringify(mine)}\n`;
  const temporary = join(dir, `.${lockName}.tmp-${process.pid}`);
  try {
    writeFileSync(temporary, text);
    if (!place(temporary, path)) {
      setStaleAside(dir, path);
      if (!place(temporary, path)) throw locked(dir, lockHolder(dir));
    }
  } catch (error) {
    throw writeError(error, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return {
    release: () => {
      if (read(path) === text) rmSync(path, { force: true });
    },
  };
}

/** The living process that trains into a run folder, or null. One on another machine counts as living. */
export function lockHolder(dir: string): LockHolder | null {
  const holder = parse(read(join(dir, lockName)));
  return holder !== null && isAlive(holder) ? holder : null;
}

/** Gives a finished file its final name unless that is taken: the lock appears whole or not at all. */
function place(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errno(error) ?? '')) throw error;
  }
  try {
    copyFileSync(temporary, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead process's lock away. Of two processes that try, the one that moved a living lock by accident puts it back. */
function setStaleAside(dir: string, path: string): void {
  const holder = lockHolder(dir);
  if (holder !== null) throw locked(dir, holder);
  const aside = join(dir, `.${lockName}.stale-${process.pid}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errno(error) === 'ENOENT') return;
    throw error;
  }
  const moved = parse(read(aside));
  if (moved !== null && isAlive(moved)) place(aside, path);
  rmSync(aside, { force: true });
}

function locked(dir: string, holder: LockHolder | null): PosttrainError {
  const elsewhere = holder !== null && holder.host !== hostname();
  const who = holder === null ? 'another process' : `process ${holder.pid}${elsewhere ? ` on ${holder.host}` : ''}`;
  return new PosttrainError('run-locked', `${who} is training into ${dir}.`, {
    help: elsewhere
      ? `stop it there; if it is gone, delete ${join(dir, lockName)}.`
      : 'stop it, or choose another run folder.',
    data: { dir, ...holder },
  });
}

function isAlive({ pid, host, started }: LockHolder): boolean {
  // What runs on another machine cannot be seen from here, and two writers are worse than a question.
  if (host !== hostname()) return true;
  if (!processExists(pid)) return false;
  const now = readStat(pid);
  if (now?.zombie === true) return false;
  return started === null || now === null || started === now.started;
}

function processStart(pid: number): string | null {
  return readStat(pid)?.started ?? null;
}

/** Of a Linux process: the boot of the machine and the clock tick in it at which it started, and whether it only waits for its parent to notice its death. */
function readStat(pid: number): { readonly started: string; readonly zombie: boolean } | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces; the state follows it, and the start is the 20th field from there.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { started: `${boot}/${fields[19]}`, zombie: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return null;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function parse(text: string | null): LockHolder | null {
  try {
    const value = JSON.parse(text ?? 'null') as LockHolder | null;
    return typeof value?.pid === 'number' && typeof value.host === 'string' ? value : null;
  } catch {
    return null;
  }
}
