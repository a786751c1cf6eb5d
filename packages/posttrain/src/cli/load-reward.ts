import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reward } from '../scoring/index.ts';
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
 * What `--reward` names: a folder, or a run folder, is a reward model; anything else is a function in a file, or a built-in.
 * @throws what `findModelFolder` and `loadReward` of posttrain/runs throw
 */
export async function loadReward(
  reference: string,
  options: { readonly threads?: number | undefined },
  output: Output,
): Promise<NamedReward> {
  if (!isFolder(reference)) {
    const runs = await loadRuns();
    const reward = await runs.loadReward(runs.namesPath(reference) ? resolve(reference) : reference);
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
