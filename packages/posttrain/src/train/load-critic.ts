import { join } from 'node:path';
import type { Decoder } from '../models/decoder.ts';
import { type LoadedRewardModel, loadRewardModel } from '../models/load-reward-model.ts';
import { resolveModelFolder } from '../models/model-folder.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { PosttrainError } from '../support/errors.ts';
import { criticFolder } from './checkpoint-files.ts';
import type { CriticChoice } from './method.ts';
import { refuseShortContext } from './refuse-short-context.ts';

const key = 'ppo.critic';

/**
 * The value model: a network of the policy's kind with a scalar head; what has none yet gets one of zeros. The caller disposes of it.
 * @param policy the model that is trained, and the folder that it came from
 * @param longest tokens of the longest row
 * @param checkpoint the folder of one to go on from
 * @throws recipe-invalid where its vocabulary or its context do not fit
 */
export function loadCritic(
  { start }: CriticChoice,
  { init, seed }: Pick<ResolvedRecipe, 'init' | 'seed'>,
  policy: { readonly model: Decoder; readonly folder: string },
  longest: number,
  checkpoint: string | undefined,
): LoadedRewardModel {
  const folder = start === null ? policy.folder : resolveModelFolder(start);
  // The policy's own context bounds its rows already.
  if (start !== null) refuseShortContext('critic', start, folder, longest);
  const loaded =
    checkpoint === undefined
      ? loadRewardModel(folder, { freshHead: 'zero', seed, ...(start === null ? { init } : {}) })
      : loadRewardModel(join(checkpoint, criticFolder));
  const [own, other] = [policy.model, loaded.model].map(({ dimensions }) => dimensions.vocabulary) as [number, number];
  // Tokenizer and config of later checkpoints come from where it started: the checkpoint resumed from is deleted in time.
  if (other >= own) return { ...loaded, folder };
  loaded.model[Symbol.dispose]();
  throw new PosttrainError('recipe-invalid', `the critic ${start} knows ${other} tokens, the model writes ${own}.`, {
    place: { key },
    help: 'it needs a row of its embedding for each token that the model may write.',
  });
}
