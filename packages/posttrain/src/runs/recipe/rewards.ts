import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { named, type Reward } from '../../scoring/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { nearestFirst } from '../../support/nearest.ts';
import { builtInReward } from './builtin-rewards.ts';
import { importModule, refuseOutside } from './load-code.ts';
import type { RewardOptions } from './recipe.generated.ts';
import { rewardKind, rewardName, rewardReference, rewardWords } from './reward-use.ts';

/** What a recipe may name as `use` of a reward, as a function. */

type Row = Readonly<Record<string, unknown>>;
type AnyReward = Reward<Row>;

export interface LoadRewardOptions {
  /** The recipe's folder, which code of a recipe may not leave; undefined: any file. */
  readonly within?: string | undefined;
  /** What a built-in takes. */
  readonly with?: RewardOptions | undefined;
}

/**
 * The function that `use` names. A file's code runs, because it is named.
 * @throws PosttrainError `file-missing`; `reward-invalid` where the file fails or exports no such function, with what it exports, and
 *   for a reward model or a judge, which this does not load; `folder-unsafe` where the file lies outside `within`
 */
export async function loadReward(use: string | Reward<never>, options: LoadRewardOptions = {}): Promise<AnyReward> {
  if (typeof use === 'function') return use as AnyReward;
  switch (rewardKind(use)) {
    case 'function':
      throw new PosttrainError(
        'reward-invalid',
        `${rewardName(use)} was a function of a program, and stands in no file.`,
        { help: 'start the run from that program, or move the function to a file: ./rewards.ts#name.' },
      );
    case 'built-in':
      return builtInReward(use, options.with);
    case 'judge':
      throw new PosttrainError('reward-invalid', `${use} needs a judge, which a recipe names.`, {
        help: `in a recipe: { use: ${use}, with: { model: http://HOST/v1#MODEL } }. In a program: judgeReward or rubricGrader of posttrain/evaluate.`,
      });
    case 'model':
      if (!existsSync(use)) throw noSuchReward(use);
      throw new PosttrainError('reward-invalid', `${use} is no function of a file.`, {
        help: 'a reward model is loaded by loadRewardModel and rewardModel of posttrain; a function is named as ./rewards.ts#name.',
      });
    case 'file':
      return functionOfFile(use, options.within);
  }
}

/** What to say where `use` names nothing that is there. */
export function noSuchReward(use: string): PosttrainError {
  const { file } = rewardReference(use);
  return new PosttrainError('file-missing', `There is no file ${relative(process.cwd(), file)}.`, {
    help: `a reward is named as ./rewards.ts#name (a file, and a function that it exports) or as ./runs/rm (the folder of a reward model), or is one of ${nearestFirst(use, rewardWords).join(', ')}.`,
  });
}

async function functionOfFile(use: string, within: string | undefined): Promise<AnyReward> {
  const { file, name } = rewardReference(use);
  if (!existsSync(file)) throw noSuchReward(use);
  if (within !== undefined) refuseOutside('reward', file, within);
  const exported = await importReward(file);
  const reward = exported[name];
  if (typeof reward === 'function') return named(rewardName(use), (...call) => (reward as AnyReward)(...call));
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function');
  throw new PosttrainError('reward-invalid', `${file} exports no function ${name}.`, {
    place: { file },
    help: functions.length > 0 ? `it exports ${functions.join(', ')}.` : 'it exports no function at all.',
  });
}

async function importReward(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importModule(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PosttrainError('reward-invalid', `the reward file failed: ${message}`, { place: { file }, cause });
  }
}
