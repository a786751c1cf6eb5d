import * as z from 'zod';
import { groupKeys, groupRolloutKeys } from '../keys-rollout.ts';

const grpoKeys = z
  .strictObject({
    ...groupKeys,
    scale: z
      .enum(['group', 'batch', 'none'])
      .default('group')
      .describe('What rewards are divided by: the standard deviation of their group, of the batch, or 1 (Dr. GRPO).'),
    loss: z
      .enum(['sequence', 'token', 'constant'])
      .default('sequence')
      .describe(
        'The mean is over answers (GRPO), over tokens (DAPO), or a sum over answers * rollout.maxTokens (Dr. GRPO).',
      ),
    ratio: z
      .enum(['token', 'sequence'])
      .default('token')
      .describe(
        "Probability ratios of each token, or of the answer's geometric mean (GSPO, with clipLow and clipHigh near 4e-4).",
      ),
    surrogate: z
      .enum(['clip', 'cispo'])
      .default('clip')
      .describe('Ratios beyond the clip earn no more (PPO), or weigh the gradient by at most 1 + clipHigh (CISPO).'),
    kl: z
      .enum(['loss', 'reward'])
      .default('loss')
      .describe(
        'Where the divergence stands: in the loss, with the gradient of the reverse divergence, or as log(p/p_before) in the reward. k1 as a term of the loss is not offered: its expected gradient is 0.',
      ),
    compat: z
      .literal('grpo-paper')
      .optional()
      .describe(
        'The k3 estimate in the loss, as the paper has it, whose gradient is not that of the reverse divergence.',
      ),
  })
  .meta({ id: 'GrpoKeys', description: 'Group relative policy optimisation.' });

export const grpo = {
  schema: z
    .strictObject({
      method: z.literal('grpo').describe('Group relative policy optimisation.'),
      ...groupRolloutKeys,
      grpo: grpoKeys.prefault({}).describe('How answers and their rewards become a loss.'),
    })
    .meta({
      id: 'GrpoRecipe',
      description: 'Group relative policy optimisation: several answers to each prompt, rewarded against their mean.',
    }),
  defaults: { packing: false },
} as const;
