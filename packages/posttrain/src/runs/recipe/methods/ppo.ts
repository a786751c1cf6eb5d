import * as z from 'zod';
import { criticRolloutKeys, updateKeys } from '../keys-rollout.ts';

const ppoKeys = z
  .strictObject({
    ...updateKeys,
    passes: updateKeys.passes.default(4),
    beta: z
      .number()
      .min(0)
      .default(0.05)
      .describe(
        'Weight of log(p/p_before) of each token, which is taken off its reward. Above 0 the model before the run stays in memory too.',
      ),
    gamma: z.number().gt(0).max(1).default(1).describe('What a reward is worth one token earlier.'),
    lambda: z
      .number()
      .min(0)
      .max(1)
      .default(0.95)
      .describe(
        'How far advantages look at what came: 1 takes all rewards and owes the critic nothing but a baseline, 0 takes its word for all but the next one.',
      ),
    whiten: z
      .boolean()
      .default(true)
      .describe('Bring advantages of all answers that are drawn together to mean 0 and variance 1.'),
    critic: z
      .string()
      .min(1)
      .default('policy')
      .describe(
        'What the value model starts from: policy (the weights of model, with a head of zeros), or the folder or Hub id of a reward model or of a language model with the same tokens.',
      ),
    criticLr: z.number().positive().optional().describe('The learning rate of the value model. Default: lr.'),
    clipValue: z
      .union([z.literal(false), z.number().positive()])
      .default(0.2)
      .describe(
        'How far a value may move from what it was when answers were drawn, before it earns no more; false: any way.',
      ),
  })
  .meta({ id: 'PpoKeys', description: 'Proximal policy optimisation with a value model.' });

export const ppo = {
  schema: z
    .strictObject({
      method: z.literal('ppo').describe('Proximal policy optimisation with a value model.'),
      ...criticRolloutKeys,
      ppo: ppoKeys.prefault({}).describe('How answers and their rewards become a loss.'),
    })
    .meta({
      id: 'PpoRecipe',
      description:
        'Proximal policy optimisation: one answer to each prompt, each token against what a value model expected.',
    }),
  defaults: { packing: false },
} as const;
