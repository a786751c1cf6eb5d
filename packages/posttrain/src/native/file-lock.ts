import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PosttrainError } from '../support/errors.ts';

const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
/** Without a heartbeat for this long a holder is dead, even one on another machine that shares the folder. */
const SILENT_MS = 60_000;

export interface LockOptions {
  /** Called once if another process holds the lock. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `body` while holding the lock file, waiting for other processes. A lock whose holder died is taken over.
 * `body` learns whether it had to wait: its work may be done already. The folder of the file must exist.
 */
export async function withLock<T>(
  file: string,
  body: (waited: boolean) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  let waited = false;
  while (!acquire(file)) {
    if (options.signal?.aborted)
      throw new PosttrainError('aborted', `Waiting for ${file} was stopped: the signal was aborted.`);
    if (isStale(file)) {
      breakLock(file);
      continue;
    }
    if (!waited) options.onWait?.();
    waited = true;
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await body(waited);
  } finally {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  }
}

const holder = () => `${process.pid} ${hostname()}`;

function acquire(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, holder());
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return false;
  const [pid = '', host = ''] = readQuietly(file).split(' ');
  return Date.now() - stat.mtimeMs > SILENT_MS || (host === hostname() && !isAlive(Number(pid)));
}

/** Two waiters may both find a lock stale: the rename lets one win, and a lock taken meanwhile is put back. */
function breakLock(file: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (isStale(aside)) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Gone already: the body is ending.
  }
}
