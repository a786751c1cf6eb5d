import { preparePairs } from '../../data/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import { type SimpoOptions, simpoLosses } from '../losses/simpo.ts';
import type { Method } from '../method.ts';
import type { BatchObjective } from '../objective.ts';
import { meanLogps, pairObjective } from '../objectives/pair-objective.ts';

export function simpoObjective(options: SimpoOptions): BatchObjective {
  return pairObjective('simpo', null, (chosenLogps, rejectedLogps) => {
    const [chosen, rejected] = [meanLogps(chosenLogps), meanLogps(rejectedLogps)];
    return {
      losses: simpoLosses(chosen, rejected, options),
      rewards: { chosen: chosen.mul(options.beta), rejected: rejected.mul(options.beta) },
    };
  });
}

/** Preferences by mean log-probability, without a reference. Meng et al. 2024, arXiv:2405.14734. */
export const simpo: Method = {
  name: 'simpo',
  papers: ['arXiv:2405.14734'],
  rows: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, preparePairs),
  usesReference: () => false,
  objective: ({ simpo: keys }) => simpoObjective(keys!),
};
