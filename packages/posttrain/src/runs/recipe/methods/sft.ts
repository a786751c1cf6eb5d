import * as z from 'zod';
import { sharedKeys } from '../keys-shared.ts';

export const sft = {
  schema: z
    .strictObject({
      method: z.literal('sft').describe('Supervised fine-tuning.'),
      ...sharedKeys,
    })
    .meta({
      id: 'SftRecipe',
      description: 'Supervised fine-tuning: learn to write what the assistant writes in the rows.',
    }),
  defaults: { train: 'assistant', packing: false },
} as const;
