import { existsSync } from 'node:fs';
import { PosttrainError } from '../support/errors.ts';
import { buildAddon, builtAddon } from './addon-build.ts';
import { type Folders, findFolders } from './folders.ts';
import { nativeSources } from './python.ts';
import type { OnSetupProgress } from './setup-progress.ts';
import { givenTorch, offeredTorch, ownTorch } from './torch-discovery.ts';
import { fetchTorch } from './torch-fetch.ts';
import { checkRecord, readRecord, type TorchRecord, writeRecord } from './torch-record.ts';

export { formatProgress, type OnSetupProgress, type SetupPhase, type SetupProgress } from './setup-progress.ts';

/** What is needed to load the engine. `torch` is null only under `$POSTTRAIN_ADDON`, which names an addon as it is. */
export interface Engine {
  readonly torch: TorchRecord | null;
  readonly addon: string;
}

export interface SetupOptions {
  /** A libtorch to use: anything that `locateTorch` understands. Else `$POSTTRAIN_TORCH`. */
  readonly torch?: string | undefined;
  /** Torch wheels on the disk to make our own copy from, instead of downloading. */
  readonly wheel?: string | readonly string[] | undefined;
  /** Download nothing. `POSTTRAIN_OFFLINE=1` does the same. */
  readonly offline?: boolean | undefined;
  /** Look again, fetch again, compile again, whatever is recorded or cached. */
  readonly force?: boolean | undefined;
  readonly onProgress?: OnSetupProgress | undefined;
  /** Asked before a Python's torch is used in place of our own copy; without it, it never is. */
  readonly onOffer?: ((candidate: TorchRecord) => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The folder of the addon's C++ sources. */
  readonly sources?: string | undefined;
}

/**
 * Finds or fetches libtorch, compiles the addon for it, and records which libtorch it is. Order: what is named, the
 * wheel, what an earlier setup recorded, our own copy, a Python's if `onOffer` agrees, a download.
 * @throws PosttrainError whatever stands in the way: see `fetchTorch`, `buildAddon`, `locateTorch`, `probeTorch`
 */
export async function setup(options: SetupOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const folders = findFolders({ env });
  options.onProgress?.({ phase: 'find', done: 0, total: 0 });
  const torch = await chooseTorch(options, env, folders);
  const addon = await buildAddon(torch, { ...options, env, folders });
  writeRecord(folders, torch);
  options.onProgress?.({ phase: 'done', done: 0, total: 0, detail: `PyTorch ${torch.version} in ${torch.path}` });
  return { torch, addon };
}

async function chooseTorch(options: SetupOptions, env: NodeJS.ProcessEnv, folders: Folders): Promise<TorchRecord> {
  const { onProgress, signal } = options;
  const offline = isOffline(options, env);
  const wheels = typeof options.wheel === 'string' ? [options.wheel] : (options.wheel ?? []);
  if (options.torch !== undefined && wheels.length > 0) {
    throw new PosttrainError('usage', 'Both a torch and a wheel are named; only one can be used.', {
      help: 'Leave one out.',
    });
  }
  if (wheels.length > 0) return fetchTorch({ folders, env, wheels, offline, onProgress, signal });
  const given = givenTorch(options.torch, env);
  if (given) return given;
  if (!options.force) {
    const record = readRecord(folders);
    if (record && checkRecord(record).kind === 'valid') return record;
    const own = ownTorch(folders);
    if (own) return own;
  }
  const offer = options.onOffer || offline ? await offeredTorch(env) : null;
  if (offer && options.onOffer && (await options.onOffer(offer))) return offer;
  if (offline) throw offlineError(offer);
  return fetchTorch({ folders, env, onProgress, signal });
}

const isOffline = (options: SetupOptions, env: NodeJS.ProcessEnv) =>
  options.offline ?? !['', '0', undefined].includes(env['POSTTRAIN_OFFLINE']);

function offlineError(offer: TorchRecord | null): PosttrainError {
  const here = offer ? `Use the PyTorch ${offer.version} of your Python: posttrain setup --torch ${offer.path}\n` : '';
  return new PosttrainError('torch-missing', 'No libtorch is set up, and offline nothing is downloaded.', {
    help: `${here}From a file: posttrain setup --wheel FILE\nOr allow the download once: posttrain setup, without --offline and POSTTRAIN_OFFLINE.`,
  });
}

/**
 * What the first command that needs tensors runs: the recorded engine when it is still as recorded, which costs
 * milliseconds and no other program; else {@link setup}. A recorded libtorch of the user's that has vanished or changed
 * is an error, never replaced in silence; our own copy is made again. `$POSTTRAIN_TORCH` goes before the record and
 * leaves it alone.
 * @throws PosttrainError `torch-missing`, `torch-unsupported`, and those of `setup`
 */
export async function ensureEngine(onProgress?: OnSetupProgress, options: SetupOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const named = namedAddon(env);
  if (named) return { torch: null, addon: named };
  const folders = findFolders({ env });
  const torch = givenTorch(options.torch, env) ?? recordedTorch(folders);
  if (!torch) return setup({ ...options, onProgress });
  const built = options.force ? null : builtAddon(torch, folders, options.sources);
  return { torch, addon: built ?? (await buildAddon(torch, { ...options, env, folders, onProgress })) };
}

/** The path of the addon to load in this process, from what is set up. @throws PosttrainError `torch-missing`, `folder-unsafe` */
export function recordedAddon(env: NodeJS.ProcessEnv = process.env, sources: string = nativeSources): string {
  const named = namedAddon(env);
  if (named) return named;
  const folders = findFolders({ env });
  const torch = givenTorch(undefined, env) ?? recordedTorch(folders);
  const addon = torch && builtAddon(torch, folders, sources);
  if (addon) return addon;
  const what = torch ? `The native addon is not built for PyTorch ${torch.version} yet` : 'No libtorch is set up yet';
  throw new PosttrainError('torch-missing', `${what}.`, { help: 'Run: posttrain setup' });
}

function namedAddon(env: NodeJS.ProcessEnv): string | null {
  const addon = env['POSTTRAIN_ADDON'];
  if (!addon) return null;
  if (existsSync(addon)) return addon;
  throw new PosttrainError('file-missing', `POSTTRAIN_ADDON names ${addon}, which does not exist.`, {
    help: 'Unset it to use the addon that posttrain builds.',
  });
}

/** The recorded libtorch if it is still what was recorded; null when setup has to run. */
function recordedTorch(folders: Folders): TorchRecord | null {
  const record = readRecord(folders);
  if (!record) return null;
  const state = checkRecord(record);
  if (state.kind === 'valid') return record;
  if (record.origin === 'own') return null;
  throw new PosttrainError(state.kind === 'changed' ? 'torch-unsupported' : 'torch-missing', state.why, {
    help: `If that is meant, set up anew: posttrain setup --torch ${record.path}\nOr let posttrain use its own copy: posttrain setup --force`,
  });
}
