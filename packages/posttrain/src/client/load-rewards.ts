import { resolve } from 'node:path';
import type { Recipe, RewardKeys } from '../runs/recipe/recipe.generated.ts';
import type { ResolvedRecipe, ResolvedReward } from '../runs/recipe/resolved-recipe.ts';
import { rewardKind, rewardName } from '../runs/recipe/reward-use.ts';
import { loadReward } from '../runs/recipe/rewards.ts';
import { named, type Reward } from '../scoring/index.ts';
import { loadRewardModel, rewardModel } from './reward-model.ts';

type Row = Readonly<Record<string, unknown>>;

export interface LoadedReward extends Omit<ResolvedReward, 'use' | 'sha256' | 'name' | 'with'> {
  /** Under the name that reports use. */
  readonly reward: Reward<Row>;
}

/** The rewards of a recipe, ready to be asked. Disposing of them ends the engines of reward models. */
export class LoadedRewards implements AsyncDisposable {
  readonly list: readonly LoadedReward[];
  readonly #behind: readonly Partial<AsyncDisposable>[];

  private constructor(list: readonly LoadedReward[], behind: readonly Partial<AsyncDisposable>[]) {
    this.list = list;
    this.#behind = behind;
  }

  /**
   * Loads what a recipe's rewards use; none where its method has none. Code of files runs here, and reward models are loaded.
   * @param within the folder that files of code may not lie outside of; undefined: any
   * @throws what `loadReward` and `loadRewardModel` throw, after what was loaded is disposed of
   */
  static async of(given: Recipe, resolved: ResolvedRecipe, within: string | undefined): Promise<LoadedRewards> {
    const keys = 'rewards' in given ? given.rewards : [];
    const loading = keys.map((one, i) => loadOne(one, resolved.rewards![i]!, within));
    const settled = await Promise.allSettled(loading);
    const behind = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed) {
      await disposeOf(behind);
      throw failed.reason;
    }
    const list = behind.map((loaded, i): LoadedReward => {
      const { use: _use, sha256: _sha256, name: _name, with: _with, ...settings } = resolved.rewards![i]!;
      const name = keys[i]!.name ?? rewardName(keys[i]!.use);
      return { ...settings, reward: named(name, (sample, context) => loaded(sample, context)) };
    });
    return new LoadedRewards(list, behind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeOf(this.#behind);
  }
}

async function disposeOf(behind: readonly Partial<AsyncDisposable>[]): Promise<void> {
  await Promise.all(behind.map((one) => one[Symbol.asyncDispose]?.()));
}

async function loadOne(
  { use }: RewardKeys,
  resolved: ResolvedReward,
  within: string | undefined,
): Promise<Reward<Row> & Partial<AsyncDisposable>> {
  switch (rewardKind(use)) {
    case 'model':
      return rewardModel(await loadRewardModel(resolve(resolved.use), resolved.with));
    case 'judge':
      return (await import('./load-judge.ts')).loadJudgeReward(resolved);
    default:
      return loadReward(use, { within, with: resolved.with });
  }
}
