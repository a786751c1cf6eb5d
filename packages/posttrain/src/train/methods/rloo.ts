import { leaveOneOutAdvantages } from '../losses/advantages.ts';
import type { Method } from '../method.ts';
import { policyObjective } from '../objectives/policy-objective.ts';
import { groupCredit } from '../rollouts/group-credit.ts';
import { preparePromptRows } from '../rollouts/prompt-rows.ts';
import { correctionOf } from '../rollouts/sampler-correction.ts';

/**
 * REINFORCE with a leave-one-out baseline, an answer as one action (Ahmadian et al. 2024, arXiv:2402.14740). The divergence from the
 * model before the run is in the reward; beyond one update an answer's probability ratio is clipped.
 */
export const rloo: Method = {
  name: 'rloo',
  papers: ['arXiv:2402.14740'],
  rows: (recipe, folder, hooks) => {
    const { beta, lengthMargin, ...keys } = recipe.rloo!;
    return preparePromptRows(recipe, folder, hooks, {
      ...keys,
      lengthMargin,
      divergenceInLoss: false,
      rule: groupCredit(beta, leaveOneOutAdvantages),
    });
  },
  usesReference: () => false,
  objective: (recipe) => {
    const { clipLow, clipHigh, entropy, correction, correctionCap } = recipe.rloo!;
    const { temperature, maxTokens } = recipe.rollout!;
    return policyObjective('rloo', {
      ...{ ratio: 'product', surrogate: 'clip', clipLow, clipHigh, temperature, mean: 'sequence', longest: maxTokens },
      ...{ divergence: null, correction: correctionOf(correction, recipe.precision), correctionCap, entropy },
    });
  },
};
