import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { PosttrainError } from '../../support/errors.ts';
import { fingerprintModel } from '../model-fingerprint.ts';
import { modelInFolder } from '../model-folder.ts';
import { hashOfCode } from './load-code.ts';
import type { ResolvedReward } from './resolved-recipe.ts';
import { functionPrefix, rewardKind, rewardName, rewardReference } from './reward-use.ts';
import { noSuchReward } from './rewards.ts';
import type { RewardOutput } from './schema.ts';

/**
 * A reward as it is written down: every default filled in, with the hash of what is behind it.
 * @throws PosttrainError `file-missing`, `model-invalid`, `checkpoint-invalid`; `recipe-invalid` where the recipe gives another hash
 */
export async function resolvedReward(keys: RewardOutput): Promise<ResolvedReward> {
  const { use, timeout = 60, concurrency = 8, with: options, sha256, ...rest } = keys;
  const settings = { ...rest, timeout, concurrency };
  const found =
    typeof use === 'string' && rewardKind(use) === 'model'
      ? {
          ...{ ...rest, timeout: keys.timeout ?? 600, concurrency: keys.concurrency ?? 256 },
          with: { precision: 'fp32' as const, threads: 'auto' as const, ...options },
          ...(await modelOf(use)),
        }
      : { ...settings, ...writtenUse(use) };
  if (sha256 === undefined || found.sha256 === undefined || sha256 === found.sha256) return found;
  throw new PosttrainError('recipe-invalid', `reward ${rewardName(use)} is not the one of the recipe's sha256.`, {
    place: { key: 'rewards.sha256' },
    help: 'leave sha256 out to take the reward as it is now.',
    data: { reward: rewardName(use), expected: sha256, found: found.sha256 },
  });
}

function writtenUse(use: RewardOutput['use']): { readonly use: string; readonly sha256?: string } {
  if (typeof use === 'function') return { use: functionPrefix + rewardName(use), sha256: hashOf(String(use)) };
  const { file } = rewardReference(use);
  return rewardKind(use) === 'file' ? { use, ...hashOfCode(file) } : { use };
}

/**
 * The model folder behind `use`; of a run, its newest checkpoint, which must be whole: another would be another reward.
 * @throws PosttrainError `file-missing`, `model-invalid`, `checkpoint-invalid`
 */
async function modelOf(use: string): Promise<{ readonly use: string; readonly sha256: string }> {
  if (!statSync(use, { throwIfNoEntry: false })?.isDirectory()) throw noSuchReward(use);
  const { folder, broken } = await modelInFolder(use);
  const [newest] = broken;
  if (newest)
    throw new PosttrainError('checkpoint-invalid', `the reward model ${newest.path} is damaged: ${newest.reason}`, {
      help: `name the checkpoint that is meant, such as use: ${folder}.`,
    });
  return { use: folder, sha256: await fingerprintModel(folder) };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
