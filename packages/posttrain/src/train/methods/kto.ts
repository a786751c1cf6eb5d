import { prepareAnswers } from '../../data/index.ts';
import { prepareFeedbackRows } from '../feedback-rows.ts';
import type { Method } from '../method.ts';
import { ktoObjective } from '../objectives/kto-objective.ts';

/**
 * Kahneman–Tversky optimisation: answers that were called good or bad, without pairs. Ethayarajh et al. 2024, arXiv:2402.01306.
 */
export const kto: Method = {
  name: 'kto',
  papers: ['arXiv:2402.01306'],
  rows: (recipe, folder, hooks) => prepareFeedbackRows(recipe, folder, hooks, prepareAnswers),
  usesReference: () => true,
  objective: ({ kto: keys }, { reference }) => ktoObjective(keys!, reference!),
};
