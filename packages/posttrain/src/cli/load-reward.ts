import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reward } from '../scoring/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { loadLibrary, loadRuns } from './library.ts';
import { findModelFolder } from './model-folder.ts';
import type { Output } from './output.ts';
import { prepareEngine } from './prepare-engine.ts';

/** A reward, and where it is a reward model the folder that it is loaded from. */
export interface NamedReward extends AsyncDisposable {
  readonly reward: Reward<Readonly<Record<string, unknown>>>;
  readonly folder: string | null;
}

/**
 * What `--reward` names: a folder, or a run folder, is a reward model; anything else is a function in a file.
 * @throws what `findModelFolder` and `rewardFunction` throw
 */
export async function loadReward(
  reference: string,
  options: { readonly threads?: number | undefined },
  output: Output,
): Promise<NamedReward> {
  if (!isFolder(reference)) {
    const reward = await rewardFunction(reference);
    return { reward, folder: null, [Symbol.asyncDispose]: async () => {} };
  }
  const { folder, warnings } = await findModelFolder(reference);
  for (const warning of warnings) output.warn(warning);
  await prepareEngine(output);
  const { loadRewardModel, rewardModel } = await loadLibrary();
  // Which of two answers is better should not hang on rounding.
  const { threads } = options;
  const model = await loadRewardModel(folder, { precision: 'fp32', ...(threads === undefined ? {} : { threads }) });
  return { reward: rewardModel(model), folder, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

function isFolder(reference: string): boolean {
  return statSync(reference, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The function that `./rewards.ts#cited` names; without `#`, the file's default export. The file's code runs, because it is named.
 * @throws PosttrainError `file-missing`; `reward-invalid` where the file fails or exports no such function, with what it exports
 */
async function rewardFunction(reference: string): Promise<Reward<Readonly<Record<string, unknown>>>> {
  const [file = '', name = 'default'] = reference.split('#');
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new PosttrainError('file-missing', `There is no file ${file}.`, {
      help: 'a reward is named as ./rewards.ts#name (a file, and a function that it exports), or is the folder of a reward model.',
    });
  }
  const { importModule } = await loadRuns();
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await importModule(path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('reward-invalid', `the reward file failed: ${message}`, { place: { file }, cause });
  }
  const reward = exported[name];
  if (typeof reward === 'function') return reward as Reward<Readonly<Record<string, unknown>>>;
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function');
  throw new PosttrainError('reward-invalid', `${file} exports no function ${name}.`, {
    place: { file },
    help: functions.length > 0 ? `it exports ${functions.join(', ')}.` : 'it exports no function at all.',
  });
}
