import type { ResolvedRecipe } from '../../runs/index.ts';
import { groupAdvantages } from '../losses/advantages.ts';
import type { Method } from '../method.ts';
import { type PolicyObjectiveOptions, policyObjective } from '../objectives/policy-objective.ts';
import { groupCredit } from '../rollouts/group-credit.ts';
import { preparePromptRows } from '../rollouts/prompt-rows.ts';
import { correctionOf } from '../rollouts/sampler-correction.ts';

/**
 * Group relative policy optimisation: answers to a prompt, each rewarded against the mean of all (Shao et al. 2024, arXiv:2402.03300).
 * Settings make it Dr. GRPO (scale none, loss constant; arXiv:2503.20783), DAPO (loss token, clipHigh .28, zeroVariance resample,
 * lengthMargin; arXiv:2503.14476), GSPO (ratio sequence; arXiv:2507.18071) or CISPO (surrogate cispo; arXiv:2506.13585).
 */
export const grpo: Method = {
  name: 'grpo',
  papers: ['arXiv:2402.03300', 'arXiv:2503.20783', 'arXiv:2503.14476', 'arXiv:2507.18071', 'arXiv:2506.13585'],
  rows: (recipe, folder, hooks) => {
    const { scale, kl, beta, lengthMargin, ...keys } = recipe.grpo!;
    return preparePromptRows(recipe, folder, hooks, {
      ...keys,
      lengthMargin,
      divergenceInLoss: beta > 0 && kl === 'loss',
      rule: groupCredit(kl === 'reward' ? beta : 0, (groups) => groupAdvantages(groups, scale)),
    });
  },
  usesReference: () => false,
  objective: (recipe) => policyObjective('grpo', optionsOf(recipe)),
};

function optionsOf(recipe: ResolvedRecipe): PolicyObjectiveOptions {
  const { ratio, surrogate, clipLow, clipHigh, loss, beta, kl, compat, entropy, correction, correctionCap } =
    recipe.grpo!;
  const { temperature, maxTokens } = recipe.rollout!;
  return {
    ...{ ratio, surrogate, clipLow, clipHigh, temperature, mean: loss, longest: maxTokens, entropy, correctionCap },
    divergence: beta > 0 && kl === 'loss' ? { beta, kind: compat === 'grpo-paper' ? 'k3' : 'reverse' } : null,
    correction: correctionOf(correction, recipe.precision),
  };
}
