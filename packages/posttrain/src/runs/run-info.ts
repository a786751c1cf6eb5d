import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { errno } from './durable-file.ts';
import { gitCommit } from './git-commit.ts';
import { fingerprintFile } from './manifest.ts';

/** run.json: what a run is and where it ran, so that it can be done again. */
export interface RunInfo {
  readonly version: 1;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Version of this package. */
  readonly posttrain: string;
  /** Version of Node. */
  readonly node: string;
  readonly engine: EngineFacts;
  readonly machine: Machine;
  /** The commit checked out around the folder the run was started in, or null. */
  readonly commit: string | null;
  readonly seed: number;
  /** Overrides of the recipe, such as `lr=2e-5`. */
  readonly overrides: readonly string[];
  readonly data: readonly DataFingerprint[];
  /** What became of the run, oldest first. */
  readonly history: readonly StatusEntry[];
}

/** What decides, beside the recipe and the data, which bits a run yields. */
export interface EngineFacts {
  /** Version of libtorch, or null where none is used. */
  readonly torch: string | null;
  /** CPU threads. */
  readonly threads: number;
  /** The level of the kernels, such as `avx512-bf16`. */
  readonly cpuLevel?: string;
  /** The key of the native addon. */
  readonly addon?: string;
}

export interface Machine {
  readonly platform: string;
  readonly cpu: string;
  /** Logical cores. */
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

export interface DataFingerprint {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface StatusEntry {
  readonly status: 'running' | 'finished' | 'stopped' | 'failed';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Optimizer steps done by then. */
  readonly step: number;
  /** Of a failed run: what went wrong. */
  readonly message?: string;
}

export function newRunInfo(
  facts: Pick<RunInfo, 'engine' | 'seed' | 'overrides' | 'data'>,
  cwd: string,
  now = new Date(),
): RunInfo {
  const created = now.toISOString();
  return {
    version: 1,
    id: `${created.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`,
    created,
    posttrain: packageVersion(),
    node: process.version,
    ...facts,
    machine: {
      platform: `${platform()}-${arch()}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memory: totalmem(),
    },
    commit: gitCommit(cwd),
    history: [{ status: 'running', time: created, step: 0 }],
  };
}

/** @throws PosttrainError `file-missing` where there is no run, `file-unreadable` where run.json is damaged or of a newer version. */
export function readRunInfo(dir: string): RunInfo {
  const path = join(dir, 'run.json');
  let info: RunInfo;
  try {
    info = JSON.parse(readFileSync(path, 'utf8')) as RunInfo;
  } catch (cause) {
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') {
      const what = existsSync(dir) ? 'holds no run: it has no run.json' : 'does not exist';
      throw new PosttrainError('file-missing', `${dir} ${what}.`, {
        help: 'posttrain runs lists the runs under ./runs.',
        cause,
      });
    }
    throw new PosttrainError('file-unreadable', `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  if (info?.version === 1 && typeof info.id === 'string' && Array.isArray(info.history)) return info;
  throw new PosttrainError(
    'file-unreadable',
    `${path} has version ${JSON.stringify(info?.version)}, and this posttrain reads version 1.`,
    {
      help: 'use the version of posttrain that made it.',
    },
  );
}

/** The fingerprint of each data file of a run. */
export async function fingerprintData(paths: readonly string[]): Promise<DataFingerprint[]> {
  return Promise.all(paths.map(async (path) => ({ path, ...(await fingerprintFile(path)) })));
}

/** A sentence for each fact of the engine that differs between the start of a run and now: its bits may differ too. */
export function engineChanges(before: EngineFacts, now: EngineFacts): string[] {
  const names = {
    torch: 'libtorch',
    threads: 'the number of threads',
    cpuLevel: 'the CPU level',
    addon: 'the native addon',
  };
  const keys = Object.keys(names) as (keyof EngineFacts)[];
  return keys
    .filter((key) => before[key] !== now[key])
    .map((key) => `${names[key]} was ${before[key] ?? 'not known'} and is ${now[key] ?? 'not known'}.`);
}

/** A sentence for each data file that is not the one the run began with. */
export async function dataChanges(info: RunInfo): Promise<string[]> {
  const sentences = await Promise.all(
    info.data.map(async ({ path, sha256 }) => {
      if (!existsSync(path)) return `${path} is gone.`;
      return (await fingerprintFile(path)).sha256 === sha256 ? null : `${path} has changed.`;
    }),
  );
  return sentences.filter((sentence) => sentence !== null);
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
