// Dynamic fine-tuning, a method that this package does not have: supervised tuning in which a token's loss is weighed by the probability that
// the model gives it, so that rows it finds very unlikely do not tear at it. Wu et al. 2025, arXiv:2508.05629, eq. 9:
//
//   L = −Σ sg[p] log p,  p = π(token | what came before), sg: no gradient goes through it
//
//   posttrain train examples/outside-method/dft.yaml
import { defineMethod, weightOf } from 'posttrain/train';
import * as z from 'zod';

export default defineMethod({
  name: 'dft',
  papers: ['arXiv:2508.05629'],
  keys: z.strictObject({
    // 0 is the paper's; 1 would be plain supervised tuning.
    crossEntropy: z.number().min(0).lt(1).default(0).describe('The share of cross-entropy in the weight of a token.'),
  }),
  rows: 'conversations',
  objective: ({ crossEntropy }) => ({
    name: 'dft',
    needs: 'each-logp',
    dropout: true,
    // The sum is divided by the loss weights of the whole optimizer step, however it is cut into micro-batches.
    weight: weightOf,
    sum({ logp, weights }) {
      const trust = logp
        .detach()
        .exp()
        .mul(1 - crossEntropy)
        .add(crossEntropy);
      return trust.mul(logp).mul(weights).sumAll().neg();
    },
    // What sft would have as its loss.
    metrics: ({ logp }) => ({ crossEntropy: logp.neg() }),
  }),
});
