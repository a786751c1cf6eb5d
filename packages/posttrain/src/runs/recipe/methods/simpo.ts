import * as z from 'zod';
import { preferenceKeys } from '../keys-preference.ts';

const simpoKeys = z
  .strictObject({
    beta: z.number().positive().default(2).describe('Scales mean log-probabilities per token.'),
    margin: z.number().min(0).default(1).describe("By how much the chosen answer's reward should lead (gamma)."),
  })
  .meta({ id: 'SimpoKeys', description: 'Simple preference optimisation.' });

export const simpo = {
  schema: z
    .strictObject({
      method: z.literal('simpo').describe('Simple preference optimisation.'),
      ...preferenceKeys,
      simpo: simpoKeys.prefault({}).describe('What the pairs are made into a loss by.'),
    })
    .meta({
      id: 'SimpoRecipe',
      description: 'Simple preference optimisation: pairs by mean log-probability, without a reference.',
    }),
  defaults: { packing: false },
} as const;
