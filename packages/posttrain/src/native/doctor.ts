import { existsSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { toPosttrainError } from '../support/errors.ts';
import { builtAddon } from './addon-build.ts';
import { findCompiler } from './compiler.ts';
import { type Folders, findFolders } from './folders.ts';
import { computeLevel } from './kernel-switch.ts';
import { askPip, findPython, nativeSources } from './python.ts';
import { privacyProblem } from './safe-folder.ts';
import { givenTorch, offeredTorch, ownTorch } from './torch-discovery.ts';
import { checkRecord, readRecord, type TorchRecord } from './torch-record.ts';

export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One line of the report. `fail` means that tensors cannot work until it is put right. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  readonly help?: string | undefined;
}

export interface DoctorOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly sources?: string | undefined;
}

const OLDEST_NODE = [20, 19] as const;
/** Bytes: the download and the unpacked copy of the largest wheel's part, rounded up. */
const ROOM_FOR_TORCH = 700e6;
/** Bytes: one compiler on the largest file. */
const ROOM_FOR_COMPILER = 1.2e9;

/** Examines the machine and what is set up on it. Loads nothing, changes nothing, downloads nothing. */
export async function doctor(options: DoctorOptions = {}): Promise<Check[]> {
  const env = options.env ?? process.env;
  const folders = findFolders({ env });
  const torch = await findTorch(folders, env);
  const addon = checkAddon(torch.torch, folders, options.sources ?? nativeSources, env);
  // Tools that only setup needs are no failure once it has done its work.
  const [python, pip] = await checkPython(env, torch.torch !== null);
  const compiler = await checkCompiler(env, addon.status === 'ok');
  return [
    checkNode(),
    check('platform', 'ok', `${platform()} ${arch()}, ${release()}`),
    checkProcessor(loadavg()[0]!, availableParallelism()),
    checkMemory(),
    python,
    pip,
    compiler,
    torch.check,
    addon,
    checkCache(folders),
    checkDisk(folders, torch.torch !== null),
  ];
}

const check = (name: string, status: CheckStatus, detail: string, help?: string): Check => ({
  name,
  status,
  detail,
  help,
});

function checkNode(): Check {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return check(
    'node',
    old ? 'fail' : 'ok',
    version,
    old ? `Node ${OLDEST_NODE.join('.')} is the oldest that works.` : undefined,
  );
}

/** `load` is the machine's load average; on a busy machine two threads wait for each other more than they gain. */
export function checkProcessor(load: number, cores: number, level: () => string = computeLevel): Check {
  try {
    const detail = `${level()}, ${cores} cores`;
    if (load < 0.75 * cores) return check('processor', 'ok', detail);
    const help = 'Other programs use it; with them there, threads: 1 can be faster than two.';
    return check('processor', 'warn', `${detail}, load ${load.toFixed(1)}`, help);
  } catch (error) {
    const { message, help } = toPosttrainError(error);
    return check('processor', 'fail', message, help);
  }
}

function checkMemory(): Check {
  const detail = `${gigabytes(freemem())} free of ${gigabytes(totalmem())}`;
  const low = freemem() < ROOM_FOR_COMPILER;
  return check(
    'memory',
    low ? 'warn' : 'ok',
    detail,
    low ? `Compiling the addon takes up to ${gigabytes(ROOM_FOR_COMPILER)}.` : undefined,
  );
}

async function checkPython(env: NodeJS.ProcessEnv, haveTorch: boolean): Promise<[Check, Check]> {
  const status = haveTorch ? 'warn' : 'fail';
  const help = 'Only fetching libtorch needs it; posttrain setup --torch PATH does without.';
  const python = await findPython(env);
  if (!python)
    return [
      check('python3', status, 'not found on the PATH', help),
      check('pip', status, 'no python3 to run it', help),
    ];
  const found = check('python3', 'ok', `${python.version} (${python.executable})`);
  const { version, words } = await askPip(python, env);
  return [found, version ? check('pip', 'ok', version) : check('pip', status, words, help)];
}

async function checkCompiler(env: NodeJS.ProcessEnv, built: boolean): Promise<Check> {
  const compiler = await findCompiler(env);
  if (compiler) return check('compiler', 'ok', `${compiler.program}: ${compiler.version}`);
  const install = platform() === 'darwin' ? 'xcode-select --install' : 'sudo apt install g++';
  return check(
    'compiler',
    built ? 'warn' : 'fail',
    'no C++ compiler was found',
    `Needed once, to build the addon: ${install}`,
  );
}

async function findTorch(
  folders: Folders,
  env: NodeJS.ProcessEnv,
): Promise<{ check: Check; torch: TorchRecord | null }> {
  const say = (torch: TorchRecord, how: string) => ({
    torch,
    check: check('libtorch', 'ok', `${torch.version} in ${torch.path} (${how})`),
  });
  try {
    const given = givenTorch(undefined, env);
    if (given) return say(given, 'POSTTRAIN_TORCH');
  } catch (error) {
    const { message, help } = toPosttrainError(error);
    return { torch: null, check: check('libtorch', 'fail', message, help) };
  }
  const record = readRecord(folders);
  const state = record && checkRecord(record);
  if (record && state?.kind === 'valid') return say(record, record.origin);
  if (state && state.kind !== 'valid')
    return { torch: null, check: check('libtorch', 'fail', state.why, 'Run: posttrain setup') };
  const own = ownTorch(folders);
  if (own)
    return {
      torch: null,
      check: check('libtorch', 'fail', `${own.version} is fetched but not set up`, 'Run: posttrain setup'),
    };
  const offer = await offeredTorch(env);
  const help = offer
    ? `posttrain setup, or with your Python's ${offer.version}: posttrain setup --torch ${offer.path}`
    : 'Run: posttrain setup';
  return { torch: null, check: check('libtorch', 'fail', 'not set up', help) };
}

function checkAddon(torch: TorchRecord | null, folders: Folders, sources: string, env: NodeJS.ProcessEnv): Check {
  const named = env['POSTTRAIN_ADDON'];
  if (named) return check('addon', existsSync(named) ? 'ok' : 'fail', `${named} (POSTTRAIN_ADDON)`);
  if (!torch) return check('addon', 'fail', 'cannot be built without libtorch', 'Run: posttrain setup');
  try {
    const addon = builtAddon(torch, folders, sources);
    return addon
      ? check('addon', 'ok', addon)
      : check('addon', 'fail', 'not built for this libtorch and these sources', 'Run: posttrain setup');
  } catch (error) {
    const { message, help } = toPosttrainError(error);
    return check('addon', 'fail', message, help);
  }
}

function checkCache(folders: Folders): Check {
  if (!existsSync(folders.cache)) return check('cache', 'ok', `${folders.cache} (not made yet)`);
  const problem = privacyProblem(folders.cache);
  if (!problem) return check('cache', 'ok', folders.cache);
  return check(
    'cache',
    'fail',
    `${folders.cache}: ${problem}`,
    `If it is yours: chmod go-w ${folders.cache}\nElse set POSTTRAIN_HOME.`,
  );
}

function checkDisk(folders: Folders, haveTorch: boolean): Check {
  let folder = folders.data;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const low = !haveTorch && free < ROOM_FOR_TORCH;
  const help = low ? `libtorch takes up to ${gigabytes(ROOM_FOR_TORCH)} while it is fetched.` : undefined;
  return check('disk', low ? 'fail' : 'ok', `${gigabytes(free)} free in ${folder}`, help);
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
