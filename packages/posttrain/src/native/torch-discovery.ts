import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from './folders.ts';
import { findPython, findPythonTorch } from './python.ts';
import { isSupported, locateTorch, probeTorch, type Torch } from './torch-probe.ts';
import type { TorchRecord } from './torch-record.ts';

/** The version that we fetch, build and test with. */
export const PINNED_TORCH = '2.13.0';

/** The folder under which our own copies lie, one per version. */
export const ownTorchFolder = (folders: Folders): string => join(folders.data, 'torch');

/**
 * The libtorch that the user names, or null if none is named: `path` (from `--torch`), else `$POSTTRAIN_TORCH`.
 * @throws PosttrainError when what is named is missing, incomplete or too old; it is never passed over
 */
export function givenTorch(path: string | undefined, env: NodeJS.ProcessEnv): TorchRecord | null {
  const named = path ?? env['POSTTRAIN_TORCH'];
  if (!named) return null;
  return { ...probeTorch(locateTorch(named, env)), origin: 'given' };
}

/** Our own copy, the pinned version first, else the newest; null if there is none. */
export function ownTorch(folders: Folders): TorchRecord | null {
  const root = ownTorchFolder(folders);
  const versions = existsSync(root) ? readdirSync(root).filter((name) => /^\d/.test(name)) : [];
  versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const version of [PINNED_TORCH, ...versions.filter((name) => name !== PINNED_TORCH && isSupported(name))]) {
    const torch = tryProbe(join(root, version, 'torch'));
    if (torch) return { ...torch, origin: 'own' };
  }
  return null;
}

/** The torch of the Python on the PATH, to be offered to the user and never taken silently; null if there is none usable. */
export async function offeredTorch(env: NodeJS.ProcessEnv): Promise<TorchRecord | null> {
  const python = await findPython(env);
  const path = python && findPythonTorch(python.program, env);
  const torch = path && tryProbe(path);
  return torch ? { ...torch, origin: 'python' } : null;
}

function tryProbe(path: string): Torch | null {
  try {
    return probeTorch(path);
  } catch {
    return null;
  }
}
