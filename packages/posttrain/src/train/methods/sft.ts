import type { Method } from '../method.ts';
import { crossEntropy } from '../objective.ts';
import { prepareTrainingRows } from '../training-rows.ts';

/**
 * Supervised fine-tuning: cross-entropy on what the assistant writes (`train: assistant`), what follows the prompt
 * (`completion`), or every token (`all`). The renderer has turned that choice into loss weights, so that nothing is left
 * to decide here. Ouyang et al. 2022, arXiv:2203.02155, §3.5, step 1.
 */
export const sft: Method = {
  name: 'sft',
  papers: ['arXiv:2203.02155'],
  rows: prepareTrainingRows,
  usesReference: () => false,
  objective: () => crossEntropy,
};
