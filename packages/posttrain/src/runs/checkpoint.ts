import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errno, syncToDisk, writeError } from './durable-file.ts';
import { type CheckpointManifest, manifestName, manifestOf, verifyCheckpoint } from './manifest.ts';

/**
 * Checkpoints of a run: `checkpoints/step-N/`, each with a manifest that names the hash and size of its files.
 * One is written in a temporary folder beside, made durable, and renamed into place, so that a folder `step-N` is
 * complete or damaged later, never half-written.
 */

export interface Checkpoint {
  /** Optimizer steps it holds. */
  readonly step: number;
  /** Its folder. */
  readonly path: string;
  readonly manifest: CheckpointManifest;
}

export interface BrokenCheckpoint {
  readonly step: number;
  readonly path: string;
  /** What is wrong with it, as a sentence. */
  readonly reason: string;
}

/**
 * Writes a checkpoint and deletes all but the newest `keep`.
 * @param dir the `checkpoints` folder.
 * @param write puts the files into the temporary folder it is given; folders inside it are fine.
 * @returns the folder of the checkpoint.
 * @throws PosttrainError `disk-full`, `file-unwritable`; earlier checkpoints are left as they are.
 */
export async function writeCheckpoint(
  dir: string,
  step: number,
  write: (temporary: string) => Promise<void> | void,
  keep = Number.POSITIVE_INFINITY,
): Promise<Checkpoint> {
  const path = join(dir, `step-${step}`);
  const temporary = join(dir, `.step-${step}.tmp-${process.pid}`);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    await write(temporary);
    const manifest = await manifestOf(temporary, step);
    for (const name of Object.keys(manifest.files)) syncToDisk(join(temporary, name));
    writeFileSync(join(temporary, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    syncToDisk(join(temporary, manifestName));
    for (const folder of foldersIn(temporary)) syncToDisk(folder);
    if (existsSync(path)) discard(path);
    renameSync(temporary, path);
    syncToDisk(dir);
    deleteOld(dir, step, keep);
    return { step, path, manifest };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw writeError(error, path);
  }
}

/** The newest checkpoint whose files have the hashes of its manifest, or null; newer ones that do not are told. */
export async function latestCheckpoint(
  dir: string,
): Promise<{ checkpoint: Checkpoint | null; broken: readonly BrokenCheckpoint[] }> {
  const broken: BrokenCheckpoint[] = [];
  for (const step of checkpointSteps(dir).reverse()) {
    const path = join(dir, `step-${step}`);
    const result = await verifyCheckpoint(path);
    if (result.ok) return { checkpoint: { step, path, manifest: result.manifest }, broken };
    broken.push({ step, path, reason: result.reason });
  }
  return { checkpoint: null, broken };
}

/** The steps of the checkpoints in a folder, ascending, unverified; none where there is no folder. */
export function checkpointSteps(dir: string): number[] {
  return namesIn(dir)
    .map((name) => /^step-(\d+)$/.exec(name)?.[1])
    .filter((step) => step !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Removes what killed writers left behind. Only the holder of the run's lock may call it. */
export function removeLeftovers(dir: string): void {
  for (const name of namesIn(dir)) {
    if (/^\.step-\d+\.(tmp|old)-\d+$/.test(name)) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

/** Of the checkpoints up to the one just written the newest stay; a later one is a remainder that resuming will write over. */
function deleteOld(dir: string, newest: number, keep: number): void {
  const steps = checkpointSteps(dir).filter((step) => step <= newest);
  for (const step of steps.slice(0, Math.max(0, steps.length - keep))) discard(join(dir, `step-${step}`));
}

/** Deletes a folder under another name, so that a kill halfway leaves no checkpoint with files missing. */
function discard(path: string): void {
  const away = join(path, '..', `.${basename(path)}.old-${process.pid}`);
  rmSync(away, { recursive: true, force: true });
  renameSync(path, away);
  rmSync(away, { recursive: true, force: true });
}

function foldersIn(root: string): string[] {
  const inner = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap((entry) => foldersIn(join(root, entry.name))), root];
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}
