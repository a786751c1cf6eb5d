import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { nearestName } from '../support/nearest.ts';
import { loadRuns } from './library.ts';
import { shownPath } from './shown-path.ts';

export interface ModelFolder {
  readonly folder: string;
  /** Newer checkpoints that were passed over, and why. */
  readonly warnings: readonly string[];
}

/**
 * The model that a word on the command line names: a model folder, the newest whole checkpoint of a run folder, or what
 * the library knows by name.
 *
 * @throws PosttrainError `file-missing`, `model-invalid`, `checkpoint-invalid`
 */
export async function findModelFolder(target: string): Promise<ModelFolder> {
  if (target === 'pocket') return { folder: target, warnings: [] };
  if (!existsSync(target)) {
    // The library also knows ids of the Hugging Face cache, such as owner/name. Below a folder that is here, it is a path.
    if (/^[\w.-]+\/[\w.-]+$/.test(target) && !existsSync(dirname(target))) return { folder: target, warnings: [] };
    throw await missing(target);
  }
  const { modelInFolder } = await loadRuns();
  const { folder, broken } = await modelInFolder(target);
  return { folder, warnings: broken.map(({ path, reason }) => `${shownPath(path)} is passed over: ${reason}`) };
}

async function missing(target: string): Promise<PosttrainError> {
  const parent = dirname(target);
  const siblings = await readdir(parent).catch(() => []);
  const names = parent === '.' ? [...siblings, 'pocket'] : siblings;
  const nearest = nearestName(basename(target), names);
  const meant = nearest === undefined ? '' : `Did you mean ${parent === '.' ? nearest : join(parent, nearest)}? `;
  return new PosttrainError('file-missing', `There is no folder ${target}.`, {
    help: `${meant}A model folder, a run folder, or pocket for the embedded model is expected.`,
  });
}
