import { join } from 'node:path';
import { loadRewardModel, saveModelFolder } from '../models/index.ts';
import { scope } from '../tensor/index.ts';

/** Writes the pocket base with a drawn head below `parent`: a reward model whose scores mean nothing, but are its own. */
export function drawnRewardModel(parent: string): string {
  const folder = join(parent, 'reward');
  const loaded = loadRewardModel('pocket', { freshHead: 'random', seed: 5 });
  using _ = loaded.model;
  const weights = new Map(loaded.model.namedParameters());
  scope(() => saveModelFolder(folder, loaded.folder, weights, { config: loaded.configToSave }));
  return folder;
}
