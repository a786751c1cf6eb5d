import type { Method } from '../method.ts';
import { crossEntropy } from '../objective.ts';
import { prepareTrainingRows } from '../training-rows.ts';

/**
 * Continued pretraining on documents, the heart of domain adaptation: cross-entropy on every token. `replay` mixes in
 * rows of what the model knew before, which is what keeps it from being forgotten.
 * Gururangan et al. 2020, arXiv:2004.10964; replay: Ibrahim et al. 2024, arXiv:2403.08763.
 */
export const pretrain: Method = {
  name: 'pretrain',
  papers: ['arXiv:2004.10964', 'arXiv:2403.08763'],
  rows: prepareTrainingRows,
  usesReference: () => false,
  objective: () => crossEntropy,
};
