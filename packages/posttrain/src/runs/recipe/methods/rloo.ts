import * as z from 'zod';
import { groupKeys, groupRolloutKeys } from '../keys-rollout.ts';

const rlooKeys = z
  .strictObject(groupKeys)
  .meta({ id: 'RlooKeys', description: 'REINFORCE with a leave-one-out baseline.' });

export const rloo = {
  schema: z
    .strictObject({
      method: z.literal('rloo').describe('REINFORCE with a leave-one-out baseline.'),
      ...groupRolloutKeys,
      rloo: rlooKeys.prefault({}).describe('How answers and their rewards become a loss.'),
    })
    .meta({
      id: 'RlooRecipe',
      description:
        'REINFORCE with a leave-one-out baseline: each answer is rewarded against the mean of the others to its prompt.',
    }),
  defaults: { packing: false },
} as const;
