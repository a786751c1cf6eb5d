import * as z from 'zod';
import { preferenceKeys } from '../keys-preference.ts';

const rewardModelKeys = z
  .strictObject({
    head: z
      .enum(['random', 'zero'])
      .default('random')
      .describe(
        'How the head that scores begins on a language model: drawn from seed, or all zeros. A stored head stays.',
      ),
    margins: z
      .boolean()
      .default(true)
      .describe('The chosen answer should lead by the margin of its pair, where the row has one.'),
    centring: z
      .number()
      .min(0)
      .default(0)
      .describe('Weight of the squared sum of both scores, which keeps scores about 0. 0.01 is usual.'),
  })
  .meta({ id: 'RewardModelKeys', description: 'Pairwise reward model.' });

export const rewardModel = {
  schema: z
    .strictObject({
      method: z.literal('reward-model').describe('A reward model from pairs.'),
      ...preferenceKeys,
      rewardModel: rewardModelKeys.prefault({}).describe('The head and the loss.'),
    })
    .meta({
      id: 'RewardModelRecipe',
      description: 'A reward model: learn to score answers so that those people prefer score higher.',
    }),
  // It predicts no text, so there is none to forget.
  defaults: { packing: false, forgetting: false },
} as const;
