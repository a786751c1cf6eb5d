import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { nearestFirst } from '../support/nearest.ts';
import { findPythonTorch } from './python.ts';

/** The oldest PyTorch whose wheels all have the C++ ABI that a system compiler produces. */
export const OLDEST_TORCH = '2.7';

/** A usable libtorch: the folder that holds `lib`, `include` and the version. */
export interface Torch {
  readonly path: string;
  /** Such as `2.13.0+cu130`. */
  readonly version: string;
  /** Identifies the build; see {@link fingerprint}. */
  readonly hash: string;
}

/** The file that holds libtorch's operations, by platform. */
export const torchLibrary =
  process.platform === 'win32'
    ? 'torch_cpu.dll'
    : process.platform === 'darwin'
      ? 'libtorch_cpu.dylib'
      : 'libtorch_cpu.so';

/**
 * Checks a libtorch folder without importing or loading anything of it.
 * @param path a torch package folder or an unpacked libtorch archive
 * @throws PosttrainError `torch-missing` when something of it is not there, `torch-unsupported` when it is too old
 */
export function probeTorch(path: string): Torch {
  const version = readVersion(path);
  const parts = [join(path, 'lib', torchLibrary), join(path, 'include', 'ATen', 'ATen.h')];
  const missing = parts.filter((part) => !existsSync(part));
  if (version === null || missing.length > 0) {
    const what =
      version === null ? 'neither version.py nor build-version tells its version' : `${missing[0]} is missing`;
    throw new PosttrainError('torch-missing', `${path} is not a whole libtorch: ${what}.`, {
      help: 'A PyTorch installed by pip has everything. Or let posttrain fetch its own: posttrain setup',
    });
  }
  if (!isSupported(version)) {
    throw new PosttrainError('torch-unsupported', `PyTorch ${version} in ${path} is older than ${OLDEST_TORCH}.`, {
      help: `Upgrade it (pip install --upgrade torch), name another with posttrain setup --torch PATH,\nor let posttrain fetch its own copy: posttrain setup --force`,
      data: { path, version },
    });
  }
  return { path, version, hash: fingerprint(join(path, 'lib', torchLibrary)) };
}

function readVersion(path: string): string | null {
  const read = (name: string) => (existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : '');
  const fromPython = /^__version__\s*=\s*['"]([^'"]+)/m.exec(read('version.py'))?.[1];
  return fromPython ?? (read('build-version').trim() || null);
}

/** Whether a version such as `2.13.0+cu130` is at least {@link OLDEST_TORCH}. */
export function isSupported(version: string): boolean {
  const number = (text: string) => text.split('.').map(Number);
  const [major = 0, minor = 0] = number(version);
  const [oldestMajor = 0, oldestMinor = 0] = number(OLDEST_TORCH);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * A cheap identity of a library of several hundred MB: SHA-256 over its size, its modification time and its first and
 * last MiB. It tells builds and replaced files apart; it does not prove that no byte between was changed.
 */
export function fingerprint(file: string): string {
  const edge = 1 << 20;
  const descriptor = openSync(file, 'r');
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const hash = createHash('sha256').update(`${size} ${Math.round(mtimeMs)}\n`);
    for (const start of new Set([0, Math.max(0, size - edge)])) {
      const block = Buffer.alloc(Math.min(edge, size - start));
      readSync(descriptor, block, 0, block.length, start);
      hash.update(block);
    }
    return hash.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The torch folder that a person means by `given`: the package folder itself, its `lib`, a site-packages folder, a
 * virtual environment, an unpacked libtorch archive, or a Python executable.
 * @throws PosttrainError `file-missing` or `torch-missing`, saying what was looked at
 */
export function locateTorch(given: string, env: NodeJS.ProcessEnv = process.env): string {
  const path = resolve(given.replace(/^~(?=$|[/\\])/, env['HOME'] ?? homedir()));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw notThere(given, path);
  if (stat.isFile()) {
    // A library named directly means its package; anything else that is a file should be a Python.
    const folder = basename(dirname(path)) === 'lib' && /torch/.test(basename(path)) ? dirname(dirname(path)) : null;
    const found = folder ?? findPythonTorch(path, env);
    if (found) return found;
    throw new PosttrainError('torch-missing', `${given} is a file, but no Python that has torch.`, {
      help: waysToName,
    });
  }
  const found = candidates(path).find((folder) => existsSync(join(folder, 'lib', torchLibrary)));
  if (found) return found;
  if (readVersion(path) !== null) return path;
  throw new PosttrainError('torch-missing', `No ${torchLibrary} was found in or under ${path}.`, { help: waysToName });
}

const waysToName = [
  'Name one of: a torch package folder (…/site-packages/torch), its site-packages, a virtual environment,',
  'a Python executable that has torch, or an unpacked libtorch archive.',
].join('\n');

function candidates(path: string): string[] {
  const pythons = join(path, 'lib');
  const versions = existsSync(pythons) ? readdirSync(pythons).filter((name) => name.startsWith('python3')) : [];
  const sites = [
    path,
    ...versions.map((name) => join(pythons, name, 'site-packages')),
    join(path, 'Lib', 'site-packages'),
  ];
  return [path, dirname(path), ...sites.map((site) => join(site, 'torch')), join(path, 'libtorch')];
}

function notThere(given: string, path: string): PosttrainError {
  const parent = dirname(path);
  const names = existsSync(parent) && statSync(parent).isDirectory() ? readdirSync(parent) : [];
  const nearest = nearestFirst(basename(path), names).slice(0, 3);
  const there = nearest.length > 0 ? `${parent} holds ${nearest.join(', ')}${names.length > 3 ? ', …' : ''}.\n` : '';
  return new PosttrainError('file-missing', `The torch path ${given} does not exist.`, {
    help: `${there}${waysToName}`,
  });
}
