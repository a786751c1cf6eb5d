import { preparePairs } from '../../data/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import { type DpoOptions, dpoLosses } from '../losses/dpo.ts';
import type { Method } from '../method.ts';
import type { BatchObjective } from '../objective.ts';
import type { AnswerLogps, Reference } from '../objectives/pair-logps.ts';
import { meanLogps, pairObjective } from '../objectives/pair-objective.ts';

export interface DpoObjectiveOptions extends DpoOptions {
  /** Ratios per token instead of per answer (Meng et al. 2024, arXiv:2405.14734, table 3); `ipo` always takes them so. */
  readonly lengthNormalised: boolean;
  /** Weight of the chosen answer's cross-entropy per token (Pang et al. 2024, arXiv:2404.19733, eq. 1); 0: none. */
  readonly sft: number;
}

/**
 * Direct preference optimisation: the policy itself is the reward model, β log π/π_ref. @param reference null: reference-free, π_ref = 1
 */
export function dpoObjective(options: DpoObjectiveOptions, reference: Reference | null): BatchObjective {
  const perToken = options.lengthNormalised || options.loss === 'ipo';
  const gain = ({ logps, references, lengths }: AnswerLogps) => {
    const ratios = logps.sub(references);
    return perToken ? ratios.div(lengths) : ratios;
  };
  return pairObjective('dpo', reference, (chosenLogps, rejectedLogps) => {
    const [chosen, rejected] = [gain(chosenLogps), gain(rejectedLogps)];
    const losses = dpoLosses(chosen, rejected, options);
    const rewards = { chosen: chosen.mul(options.beta), rejected: rejected.mul(options.beta) };
    if (options.sft === 0) return { losses, rewards };
    return { losses: losses.sub(meanLogps(chosenLogps).mul(options.sft)), rewards };
  });
}

/** Rafailov et al. 2023, arXiv:2305.18290; the variants of its loss stand in losses/dpo.ts. */
export const dpo: Method = {
  name: 'dpo',
  papers: ['arXiv:2305.18290', 'arXiv:2310.12036', 'arXiv:2403.00409', 'arXiv:2404.19733'],
  rows: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, preparePairs),
  usesReference: ({ dpo: keys }) => !keys!.referenceFree,
  objective: ({ dpo: keys }, { reference }) => dpoObjective(keys!, reference),
};
