import * as z from 'zod';
import { preferenceKeys } from '../keys-preference.ts';

const ktoKeys = z
  .strictObject({
    beta: z
      .number()
      .positive()
      .default(0.1)
      .describe('How strongly the model is held to the reference: the larger, the closer.'),
    desirableWeight: z.number().positive().default(1).describe('How much a good answer counts.'),
    undesirableWeight: z
      .number()
      .positive()
      .default(1)
      .describe(
        'How much a bad answer counts. With n good and m bad ones, desirableWeight * n should be 1 to 4/3 of undesirableWeight * m.',
      ),
    compat: z
      .literal('trl')
      .optional()
      .describe(
        'The baseline of each micro-batch by itself, from answers exchanged inside it, as TRL takes it: the gradient then depends on microBatch. It needs data.shuffle false and a microBatch of 2 or more.',
      ),
  })
  .meta({ id: 'KtoKeys', description: 'Kahneman-Tversky optimisation.' });

export const kto = {
  schema: z
    .strictObject({
      method: z.literal('kto').describe('Kahneman-Tversky optimisation.'),
      ...preferenceKeys,
      kto: ktoKeys.prefault({}).describe('What the answers are made into a loss by.'),
    })
    .meta({
      id: 'KtoRecipe',
      description: 'Kahneman-Tversky optimisation: learn from single answers that were called good or bad.',
    }),
  defaults: { packing: false },
} as const;
