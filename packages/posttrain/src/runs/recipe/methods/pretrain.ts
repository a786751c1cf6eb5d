import * as z from 'zod';
import { sharedKeys } from '../keys-shared.ts';

export const pretrain = {
  schema: z
    .strictObject({
      method: z.literal('pretrain').describe('Continued pretraining.'),
      ...sharedKeys,
    })
    .meta({
      id: 'PretrainRecipe',
      description: 'Continued pretraining: learn the language and facts of documents, every token bearing loss.',
    }),
  defaults: { train: 'all', packing: true },
} as const;
