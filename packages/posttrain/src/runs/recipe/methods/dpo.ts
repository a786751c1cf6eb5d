import * as z from 'zod';
import { preferenceKeys } from '../keys-preference.ts';

const dpoKeys = z
  .strictObject({
    loss: z
      .enum(['sigmoid', 'ipo', 'robust', 'hinge'])
      .default('sigmoid')
      .describe(
        'sigmoid is DPO; ipo cannot overfit certain pairs; robust is unbiased where labelSmoothing of the pairs are flipped.',
      ),
    beta: z
      .number()
      .positive()
      .default(0.1)
      .describe('How strongly the model is held to the reference: the larger, the closer. For ipo it is tau.'),
    labelSmoothing: z
      .number()
      .min(0)
      .lt(0.5)
      .default(0)
      .describe('The share of pairs taken to be labelled the wrong way round (cDPO with sigmoid; robust).'),
    lengthNormalised: z
      .boolean()
      .default(false)
      .describe(
        'Compare log-probabilities per token instead of per answer, so that length is no advantage. ipo always does.',
      ),
    referenceFree: z
      .boolean()
      .default(false)
      .describe('Compare with no reference, as if it held all answers equally likely.'),
    sft: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "Weight of the chosen answer's cross-entropy per token, added to the loss so that it does not become unlikely.",
      ),
  })
  .meta({ id: 'DpoKeys', description: 'Direct preference optimisation.' });

export const dpo = {
  schema: z
    .strictObject({
      method: z.literal('dpo').describe('Direct preference optimisation.'),
      ...preferenceKeys,
      dpo: dpoKeys.prefault({}).describe('What the pairs are made into a loss by.'),
    })
    .meta({
      id: 'DpoRecipe',
      description: 'Direct preference optimisation: learn from pairs of answers which of two people prefer.',
    }),
  defaults: { packing: false },
} as const;
