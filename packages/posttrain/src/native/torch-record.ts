import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PosttrainError, toPosttrainError } from '../support/errors.ts';
import type { Folders } from './folders.ts';
import { probeTorch, type Torch } from './torch-probe.ts';

/** How a libtorch came to be used: named by the user, our own copy, or a Python's that the user agreed to. */
export type TorchOrigin = 'given' | 'own' | 'python';

export interface TorchRecord extends Torch {
  readonly origin: TorchOrigin;
}

const recordFile = (folders: Folders) => join(folders.config, 'torch.json');

/** What setup recorded, unchecked; null when setup has not run. A damaged record counts as none. */
export function readRecord(folders: Folders): TorchRecord | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(recordFile(folders), 'utf8'));
  } catch {
    return null;
  }
  const { path, version, hash, origin } = (parsed ?? {}) as Partial<Record<string, unknown>>;
  if (typeof path !== 'string' || typeof version !== 'string' || typeof hash !== 'string') return null;
  if (origin !== 'given' && origin !== 'own' && origin !== 'python') return null;
  return { path, version, hash, origin };
}

/** Writes the record atomically. @throws PosttrainError `file-unwritable` */
export function writeRecord(folders: Folders, record: TorchRecord): void {
  const file = recordFile(folders);
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(temporary, file);
  } catch (error) {
    throw new PosttrainError(
      'file-unwritable',
      `The record of setup cannot be written: ${toPosttrainError(error).message}`,
      {
        place: { file },
        help: 'Set POSTTRAIN_HOME to a folder that you can write to.',
        cause: error,
      },
    );
  }
}

/** How a record compares with the disk now. `why` is a sentence for people. */
export type RecordState = { readonly kind: 'valid' } | { readonly kind: 'vanished' | 'changed'; readonly why: string };

export function checkRecord(record: TorchRecord): RecordState {
  try {
    const now = probeTorch(record.path);
    if (now.hash === record.hash && now.version === record.version) return { kind: 'valid' };
    const how = now.version === record.version ? 'its libraries differ' : `it is ${now.version} now`;
    return { kind: 'changed', why: `PyTorch ${record.version} in ${record.path} has changed since setup: ${how}.` };
  } catch (error) {
    const { message } = toPosttrainError(error);
    return { kind: 'vanished', why: `PyTorch ${record.version} in ${record.path} is no longer usable: ${message}` };
  }
}
