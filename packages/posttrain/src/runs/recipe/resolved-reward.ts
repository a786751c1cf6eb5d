import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { PosttrainError } from '../../support/errors.ts';
import { fingerprintModel } from '../model-fingerprint.ts';
import { modelInFolder } from '../model-folder.ts';
import { hashOfCode } from './load-code.ts';
import type { RewardOptions } from './recipe.generated.ts';
import type { ResolvedReward } from './resolved-recipe.ts';
import { functionPrefix, rewardKind, rewardName, rewardReference } from './reward-use.ts';
import { noSuchReward } from './rewards.ts';
import type { RewardOutput } from './schema.ts';

/**
 * A reward as it is written down: every default filled in, with the hash of what is behind it.
 * @throws PosttrainError `file-missing`, `model-invalid`, `checkpoint-invalid`; `recipe-invalid` where the recipe gives another hash
 */
export async function resolvedReward(keys: RewardOutput): Promise<ResolvedReward> {
  const { use, timeout, concurrency, with: options, sha256, ...rest } = keys;
  const { limits, ...behind } = await behindOf(use, options ?? {});
  const [seconds, calls] = limits;
  const found = { ...rest, timeout: timeout ?? seconds, concurrency: concurrency ?? calls, ...behind };
  if (sha256 === undefined || found.sha256 === undefined || sha256 === found.sha256) return found;
  throw new PosttrainError('recipe-invalid', `reward ${rewardName(use)} is not the one of the recipe's sha256.`, {
    place: { key: 'rewards.sha256' },
    help: 'leave sha256 out to take the reward as it is now.',
    data: { reward: rewardName(use), expected: sha256, found: found.sha256 },
  });
}

interface Behind extends Pick<ResolvedReward, 'use' | 'with' | 'sha256'> {
  /** Where the recipe says nothing: seconds a call, and calls at once. */
  readonly limits: readonly [timeout: number, concurrency: number];
}

const ordinary = [60, 8] as const;
/** Answers to a model of this machine wait for each other, and are scored together. */
const ofEngine = [600, 256] as const;

async function behindOf(use: RewardOutput['use'], options: RewardOptions): Promise<Behind> {
  const kind = rewardKind(use);
  if (kind === 'judge') return judgeBehind(use as string, options);
  if (kind === 'model') {
    const { folder, fingerprint } = await modelOf(use as string);
    const settings = { precision: 'fp32', threads: 'auto', ...options } as const;
    return { use: folder, with: settings, sha256: fingerprint, limits: ofEngine };
  }
  const given = Object.keys(options).length === 0 ? {} : { with: options };
  return { ...writtenUse(use), ...given, limits: ordinary };
}

/** A judge with the folder of its model, where it is one of this machine; its hash covers the file that it judges by. */
async function judgeBehind(use: string, options: RewardOptions): Promise<Behind> {
  const model = options.model!;
  const remote = /^https?:/.test(model);
  const found = remote ? { folder: model, fingerprint: model } : await modelOf(model);
  const file = options.principles ?? options.criteria;
  const by = file === undefined ? '' : (hashOfCode(file).sha256 ?? '');
  const settings = remote ? options : ({ precision: 'auto', threads: 'auto', ...options } as const);
  return {
    ...{ use, with: { ...settings, model: found.folder }, sha256: hashOf(`${found.fingerprint} ${by}`) },
    limits: remote ? ordinary : ofEngine,
  };
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
async function modelOf(use: string): Promise<{ readonly folder: string; readonly fingerprint: string }> {
  if (!statSync(use, { throwIfNoEntry: false })?.isDirectory()) throw noSuchReward(use);
  const { folder, broken } = await modelInFolder(use);
  const [newest] = broken;
  if (newest)
    throw new PosttrainError('checkpoint-invalid', `${newest.path} is damaged: ${newest.reason}`, {
      help: `name the checkpoint that is meant, such as ${folder}.`,
    });
  return { folder, fingerprint: await fingerprintModel(folder) };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
