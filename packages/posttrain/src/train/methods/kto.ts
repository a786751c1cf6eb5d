import { prepareAnswers } from '../../data/index.ts';
import type { ResolvedRecipe } from '../../runs/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import type { Method } from '../method.ts';
import { ktoObjective } from '../objectives/kto-objective.ts';

/**
 * Kahneman–Tversky optimisation: answers that were called good or bad, without pairs. Ethayarajh et al. 2024, arXiv:2402.01306.
 */
export const kto: Method = {
  name: 'kto',
  papers: ['arXiv:2402.01306'],
  rows: (recipe, folder, hooks) =>
    prepareFeedbackRows(recipe, folder, hooks, (options) => prepareAnswers(options, blockOf(recipe))),
  usesReference: () => true,
  objective: (recipe, { reference }) => ktoObjective({ ...recipe.kto!, block: blockOf(recipe) }, reference!),
};

/** Answers that share a baseline: with `compat: trl` a micro-batch; undefined: the whole step. */
function blockOf({ kto: keys, microBatch }: ResolvedRecipe): number | undefined {
  return keys!.compat === 'trl' ? (microBatch as number) : undefined;
}
