import * as z from 'zod';
import { rollout } from '../keys-rollout.ts';
import { sharedKeys } from '../keys-shared.ts';

const distillKeys = z
  .strictObject({
    teacher: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The model to learn from, with the same tokens as the model that learns: a folder (./name or /name), a Hugging Face Hub id (owner/name), or pocket.',
      ),
    context: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A text that the teacher alone reads in front of each prompt, as the system message of a conversation: with the model itself as teacher, it learns to answer as if it had read the text (context distillation).',
      ),
    logits: z
      .string()
      .min(1)
      .optional()
      .describe(
        "A file of the teacher's likeliest tokens at each target. Where it is missing, the teacher writes it before the first step and leaves memory; where it is there, no teacher is needed.",
      ),
    topK: z
      .int()
      .min(1)
      .default(64)
      .describe('How many tokens a file of logits keeps at each target; all others count as one.'),
    loss: z
      .enum(['forward-kl', 'reverse-kl', 'jsd', 'reverse-kl-sampled'])
      .default('forward-kl')
      .describe(
        'forward-kl learns all that the teacher holds possible; reverse-kl keeps to what it holds likely; jsd, the generalised Jensen-Shannon divergence, lies between; reverse-kl-sampled is reverse-kl by a policy gradient on the tokens that the student drew, whose advantages are log p(teacher) - log p(student).',
      ),
    beta: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe("The teacher's share of jsd's mixture: near 0 it is like forward-kl, near 1 like reverse-kl."),
    temperature: z
      .number()
      .positive()
      .default(1)
      .describe(
        'What both logits are divided by before they are compared; the divergence is multiplied by its square.',
      ),
    crossEntropy: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("The share of cross-entropy with the row's own tokens in the loss; the divergence has the rest."),
    onPolicy: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'The share of steps whose answers the student draws itself, to the prompts of the rows (GKD); the other steps learn the answers of the rows.',
      ),
    precision: z
      .enum(['auto', 'fp32', 'bf16'])
      .default('auto')
      .describe("The arithmetic of the teacher's matrices. auto: bf16 where this machine is faster in it."),
  })
  .meta({ id: 'DistillKeys', description: 'Knowledge distillation.' });

export const distill = {
  schema: z
    .strictObject({
      method: z.literal('distill').describe('Knowledge distillation.'),
      ...sharedKeys,
      rollout: rollout.optional().describe('How answers are drawn where distill.onPolicy is above 0.'),
      distill: distillKeys.prefault({}).describe('Which model is learnt from, and how.'),
    })
    .meta({
      id: 'DistillRecipe',
      description: "Knowledge distillation: learn a teacher's whole distribution at each token of the rows.",
    }),
  defaults: { train: 'assistant', packing: false },
} as const;
