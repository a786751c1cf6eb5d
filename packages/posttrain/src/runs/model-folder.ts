import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PosttrainError } from '../support/errors.ts';
import { type BrokenCheckpoint, latestCheckpoint } from './checkpoint.ts';

export interface FoundModel {
  /** With config.json or adapter_config.json. */
  readonly folder: string;
  /** Newer checkpoints of the run that were passed over. */
  readonly broken: readonly BrokenCheckpoint[];
}

/**
 * The model in a folder that is there: the folder itself, or the newest whole checkpoint where it is a run's.
 * @throws PosttrainError `model-invalid`, `checkpoint-invalid`
 */
export async function modelInFolder(path: string): Promise<FoundModel> {
  if (['config.json', 'adapter_config.json'].some((name) => existsSync(join(path, name))))
    return { folder: path, broken: [] };
  const checkpoints = join(path, 'checkpoints');
  if (!existsSync(join(path, 'run.json')) && !existsSync(checkpoints)) {
    throw new PosttrainError('model-invalid', `${path} is neither a model folder nor a run folder.`, {
      help: 'A model folder holds config.json or adapter_config.json, a run folder holds run.json.',
    });
  }
  const { checkpoint, broken } = await latestCheckpoint(checkpoints);
  if (checkpoint !== null) return { folder: checkpoint.path, broken };
  const reasons = broken.map((one) => `${one.path} is passed over: ${one.reason}`);
  throw new PosttrainError('checkpoint-invalid', [`${path} holds no whole checkpoint.`, ...reasons].join('\n  '), {
    help: 'A run writes one every `every.checkpoint` steps, at its end, and when Ctrl-C stops it.',
  });
}
