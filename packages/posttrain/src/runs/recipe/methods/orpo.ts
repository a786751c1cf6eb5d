import * as z from 'zod';
import { preferenceKeys } from '../keys-preference.ts';

const orpoKeys = z
  .strictObject({
    lambda: z
      .number()
      .positive()
      .default(0.1)
      .describe('Weight of the odds-ratio term beside the cross-entropy of chosen answers.'),
  })
  .meta({ id: 'OrpoKeys', description: 'Odds-ratio preference optimisation.' });

export const orpo = {
  schema: z
    .strictObject({
      method: z.literal('orpo').describe('Odds-ratio preference optimisation.'),
      ...preferenceKeys,
      orpo: orpoKeys.prefault({}).describe('What the pairs are made into a loss by.'),
    })
    .meta({
      id: 'OrpoRecipe',
      description:
        'Odds-ratio preference optimisation: supervised tuning on chosen answers and preferences in one pass.',
    }),
  defaults: { packing: false },
} as const;
