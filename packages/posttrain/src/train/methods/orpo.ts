import { preparePairs } from '../../data/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import { oddsRatioLosses } from '../losses/orpo.ts';
import type { Method } from '../method.ts';
import type { BatchObjective } from '../objective.ts';
import { meanLogps, pairObjective } from '../objectives/pair-objective.ts';

/** Cross-entropy of the chosen answer, per token, plus `lambda` times the odds-ratio term (eq. 6 of the paper). */
export function orpoObjective({ lambda }: { readonly lambda: number }): BatchObjective {
  return pairObjective('orpo', null, (chosenLogps, rejectedLogps) => {
    const [chosen, rejected] = [meanLogps(chosenLogps), meanLogps(rejectedLogps)];
    return {
      losses: oddsRatioLosses(chosen, rejected).mul(lambda).sub(chosen),
      rewards: { chosen: chosen.mul(lambda), rejected: rejected.mul(lambda) },
    };
  });
}

/** Supervised tuning and preferences in one pass, without a reference. Hong et al. 2024, arXiv:2403.07691. */
export const orpo: Method = {
  name: 'orpo',
  papers: ['arXiv:2403.07691'],
  rows: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, preparePairs),
  usesReference: () => false,
  objective: ({ orpo: keys }) => orpoObjective(keys!),
};
