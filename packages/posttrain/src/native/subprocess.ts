import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PosttrainError } from '../support/errors.ts';

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each line of stdout, which is then not collected. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** `missing` means that no such program was found; else the program ran and ended with `code`, or by a signal (null). */
export interface Outcome {
  readonly missing: boolean;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end: an argument list, never a shell, and no standard input.
 * @throws PosttrainError `aborted` when the signal ends it; the program is then killed.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const aborted = () => new PosttrainError('aborted', `${program} was stopped: the signal was aborted.`);
    if (options.signal?.aborted) return reject(aborted());
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: options.env ?? process.env,
      windowsHide: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    if (options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine);
    else child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const stop = () => child.kill('SIGTERM');
    options.signal?.addEventListener('abort', stop, { once: true });
    const finish = () => options.signal?.removeEventListener('abort', stop);
    const outcome = (missing: boolean, code: number | null): Outcome => ({
      missing,
      code,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish();
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(outcome(true, null));
      else reject(error);
    });
    child.on('close', (code) => {
      finish();
      if (options.signal?.aborted) reject(aborted());
      else resolve(outcome(false, code));
    });
  });
}

/** {@link run} for a question answered in milliseconds, where the caller cannot wait for a promise. */
export function runBriefly(
  program: string,
  args: readonly string[],
  options: Pick<RunOptions, 'env' | 'cwd'> = {},
): Outcome {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: options.env ?? process.env,
    encoding: 'utf8',
    timeout: 30_000,
    windowsHide: true,
  });
  return { missing: error !== undefined, code: status, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/** The last `count` non-empty lines of a program's output: where programs say why they failed. */
export function lastLines(text: string, count = 6): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines.filter(Boolean).slice(-count).join('\n');
}
