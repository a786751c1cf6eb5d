import { preparePairs, type TokenRow } from '../../data/index.ts';
import { loadRewardModel } from '../../models/load-reward-model.ts';
import { tensor, toArray } from '../../tensor/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import { type RewardLossOptions, rewardLosses } from '../losses/reward-model.ts';
import type { Method } from '../method.ts';
import type { ScoreObjective } from '../objective.ts';
import { rewardMetrics } from '../objectives/pair-objective.ts';

export interface RewardObjectiveOptions extends RewardLossOptions {
  /** Whether the chosen answer should lead by the margin of its pair. */
  readonly margins: boolean;
}

export function rewardObjective(options: RewardObjectiveOptions): ScoreObjective {
  return {
    name: 'reward-model',
    needs: 'scores',
    dropout: true,
    weight: (packs) => packs.length,
    loss(scores, { rows }) {
      const pairs = scores.view([-1, 2]);
      const [chosen, rejected] = [pairs.select(1, 0), pairs.select(1, 1)];
      const margins = tensor(
        rows.filter((_, i) => i % 2 === 0).map(({ row }) => (options.margins ? marginOf(row) : 0)),
        { device: scores.device },
      );
      const sum = rewardLosses(chosen, rejected, margins, options).sumAll();
      return { sum, metrics: rewardMetrics(toArray(chosen.detach()), toArray(rejected.detach())) };
    },
  };
}

function marginOf({ judged }: TokenRow): number {
  return judged?.kind === 'chosen' ? judged.margin : 0;
}

/**
 * A reward model from pairs: Bradley–Terry on scores that a new head reads from the state of the last token.
 * Ouyang et al. 2022, arXiv:2203.02155, §3.5, step 2.
 */
export const rewardModel: Method = {
  name: 'reward-model',
  papers: ['arXiv:2203.02155', 'arXiv:2307.09288', 'arXiv:2312.09244'],
  load: (folder, options, { rewardModel: keys }) => loadRewardModel(folder, { ...options, freshHead: keys!.head }),
  rows: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, preparePairs),
  usesReference: () => false,
  objective: ({ rewardModel: keys }) => rewardObjective(keys!),
};
