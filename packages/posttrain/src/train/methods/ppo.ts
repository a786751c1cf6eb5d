import type { Method } from '../method.ts';
import { policyObjective } from '../objectives/policy-objective.ts';
import { valueObjective } from '../objectives/value-objective.ts';
import { gaeCredit } from '../rollouts/gae-credit.ts';
import { preparePromptRows } from '../rollouts/prompt-rows.ts';
import { correctionOf } from '../rollouts/sampler-correction.ts';
import { refuseOtherTokens } from '../same-tokens.ts';

/**
 * Proximal policy optimisation: one answer to each prompt, each token against what a critic of its own expected (Schulman et al. 2017,
 * arXiv:1707.06347), with the divergence from the model before the run in the reward of each token (Ziegler et al. 2019, arXiv:1909.08593;
 * Ouyang et al. 2022, arXiv:2203.02155). Advantages: Schulman et al. 2016, arXiv:1506.02438.
 */
export const ppo: Method = {
  name: 'ppo',
  papers: ['arXiv:1707.06347', 'arXiv:1506.02438', 'arXiv:1909.08593', 'arXiv:2203.02155', 'arXiv:2403.17031'],
  rows: async (recipe, folder, hooks) => {
    const { gamma, lambda, beta, whiten, lengthMargin, critic, ...keys } = recipe.ppo!;
    if (critic !== 'policy')
      await refuseOtherTokens(folder, critic, {
        ...{ name: 'critic', key: 'ppo.critic' },
        help: 'a critic reads the tokens that the policy writes: start it from a model of the same family, or from policy.',
      });
    return preparePromptRows(recipe, folder, hooks, {
      ...keys,
      ...{ group: 1, zeroVariance: 'keep', rounds: 1, lengthMargin, divergenceInLoss: false },
      rule: gaeCredit({ gamma, lambda, beta, whiten }),
    });
  },
  usesReference: () => false,
  critic: {
    of: ({ ppo: keys }) => ({ start: keys!.critic === 'policy' ? null : keys!.critic, lr: keys!.criticLr }),
    objective: ({ ppo: keys }) => valueObjective(keys!),
  },
  objective: (recipe) => {
    const { clipLow, clipHigh, entropy, correction, correctionCap } = recipe.ppo!;
    const { temperature, maxTokens } = recipe.rollout!;
    return policyObjective('ppo', {
      ...{
        ratio: 'token',
        surrogate: 'clip',
        clipLow,
        clipHigh,
        temperature,
        mean: 'token',
        longest: maxTokens,
        entropy,
      },
      ...{ divergence: null, correction: correctionOf(correction, recipe.precision), correctionCap },
    });
  },
};
