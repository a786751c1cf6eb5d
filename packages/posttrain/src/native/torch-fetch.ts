import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PosttrainError, type PosttrainErrorCode } from '../support/errors.ts';
import { withLock } from './file-lock.ts';
import type { Folders } from './folders.ts';
import { nativeSources, requirePip, requirePython } from './python.ts';
import { makePrivateFolder } from './safe-folder.ts';
import type { OnSetupProgress, SetupPhase } from './setup-progress.ts';
import { lastLines, run } from './subprocess.ts';
import { ownTorch, ownTorchFolder, PINNED_TORCH } from './torch-discovery.ts';
import { probeTorch } from './torch-probe.ts';
import type { TorchRecord } from './torch-record.ts';

export interface FetchOptions {
  readonly folders: Folders;
  readonly env: NodeJS.ProcessEnv;
  /** A torch wheel on the disk, and, for a CUDA build, those of its runtime unless they lie beside it. */
  readonly wheels?: readonly string[] | undefined;
  /** With `wheels`: nothing may be downloaded to complete them. */
  readonly offline?: boolean | undefined;
  readonly onProgress?: OnSetupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes our own copy of libtorch in the data folder: from the pinned wheel, of which only what the CPU needs is
 * downloaded, or from wheels on the disk. An interrupted download goes on where it stopped; the copy appears complete or
 * not at all.
 * @throws PosttrainError `python-missing`, `pip-missing`, `torch-download-failed`, `disk-full`, `file-missing`,
 *   `file-unreadable`, `torch-unsupported`, `aborted`
 */
export async function fetchTorch(options: FetchOptions): Promise<TorchRecord> {
  const { folders, env, onProgress, signal } = options;
  const wheels = (options.wheels ?? []).map((wheel) => resolve(wheel));
  for (const wheel of wheels) requireFile(wheel);
  const python = await requirePython(env);
  if (wheels.length === 0) await requirePip(python, env);
  const root = ownTorchFolder(folders);
  makePrivateFolder(root);
  const onWait = () => onProgress?.({ phase: 'wait', done: 0, total: 0, detail: 'it is fetching libtorch' });
  const body = async (waited: boolean): Promise<TorchRecord> => {
    const other = waited && wheels.length === 0 ? ownTorch(folders) : null;
    if (other) return other;
    const work = join(root, wheels.length > 0 ? '.partial-wheel' : `.partial-${PINNED_TORCH}`);
    mkdirSync(work, { recursive: true });
    const args = ['-B', join(nativeSources, 'fetch.py'), '--version', PINNED_TORCH, '--work', work];
    for (const wheel of wheels) args.push('--wheel', wheel);
    if (options.offline) args.push('--offline');
    try {
      await runScript(python.program, args, options);
      const copy = probeTorch(join(work, 'tree', 'torch'));
      const home = join(root, copy.version.replace(/\+.*/, ''));
      replaceFolder(join(work, 'tree'), home);
      rmSync(work, { recursive: true, force: true });
      return { ...probeTorch(join(home, 'torch')), origin: 'own' };
    } catch (error) {
      // Downloads stay for the next try; a half-unpacked tree is worth nothing.
      rmSync(wheels.length > 0 ? work : join(work, 'tree'), { recursive: true, force: true });
      throw error;
    }
  };
  return withLock(join(root, '.lock'), body, { onWait, signal });
}

function requireFile(wheel: string): void {
  if (existsSync(wheel)) return;
  throw new PosttrainError('file-missing', `The wheel ${wheel} does not exist.`, {
    help: `On a machine with a network: pip download --no-deps torch==${PINNED_TORCH}`,
  });
}

function replaceFolder(from: string, to: string): void {
  const old = `${to}.old-${process.pid}`;
  if (existsSync(to)) renameSync(to, old);
  renameSync(from, to);
  rmSync(old, { recursive: true, force: true });
}

/** A line of fetch.py's: progress, or the error. */
interface ScriptLine {
  readonly phase?: SetupPhase;
  readonly done?: number;
  readonly total?: number;
  readonly detail?: string;
  readonly disk?: number;
  readonly error?: PosttrainErrorCode;
  readonly message?: string;
  readonly result?: string;
}

async function runScript(program: string, args: readonly string[], options: FetchOptions): Promise<void> {
  let last: ScriptLine = {};
  const onLine = (text: string) => {
    if (!text.startsWith('{')) return;
    last = JSON.parse(text) as ScriptLine;
    const { phase, done = 0, total = 0, detail, disk } = last;
    if (phase) options.onProgress?.({ phase, done, total, detail, disk });
  };
  const { env, signal } = options;
  const { stderr } = await run(program, args, { env, signal, cwd: nativeSources, onLine });
  if (last.result) return;
  if (last.error) throw fetchError(last.error, last.message ?? '');
  throw fetchError('torch-download-failed', lastLines(stderr) || 'the fetching script ended without a word');
}

function fetchError(code: PosttrainErrorCode, message: string): PosttrainError {
  if (code === 'disk-full') {
    return new PosttrainError(code, `libtorch does not fit on the disk: ${message}`, {
      help: 'Free some space and run it again (what has arrived is kept), or set POSTTRAIN_HOME to a larger disk.',
    });
  }
  if (code === 'torch-download-failed') {
    return new PosttrainError(code, `libtorch ${PINNED_TORCH} could not be fetched: ${message}`, {
      help: [
        'Run it again: what has arrived is kept. Index, proxy and certificates are those of pip (pip config list).',
        `Without a network: posttrain setup --wheel FILE, made elsewhere by pip download torch==${PINNED_TORCH}`,
        'Or name a PyTorch that you have: posttrain setup --torch PATH',
      ].join('\n'),
    });
  }
  return new PosttrainError(code, message, {
    help: `Download it again: pip download --no-deps torch==${PINNED_TORCH}`,
  });
}
