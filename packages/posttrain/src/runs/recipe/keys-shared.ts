import * as z from 'zod';
import { dataKeys, replayKeys } from './keys-data.ts';
import { forgettingKeys } from './keys-forgetting.ts';
import { loraKeys } from './keys-lora.ts';
import { optimizerKeys, scheduleKeys } from './keys-optimization.ts';

const everyKeys = z
  .strictObject({
    evaluate: z
      .union([z.int().min(1), z.literal(false)])
      .optional()
      .describe('Steps between two measurements of the held-out loss; false: only after the last step. Default: 100.'),
    checkpoint: z
      .union([z.int().min(1), z.literal(false)])
      .default(100)
      .describe('Steps between two checkpoints; false: only after the last step.'),
    keep: z.int().min(1).default(2).describe('How many checkpoints stay on disk; older ones are deleted.'),
  })
  .meta({ id: 'EveryKeys', description: 'What happens how often, in optimizer steps.' });

/** The keys that every method has. Each means the same for all of them; only `train` and `data.packing` differ in default. */
export const sharedKeys = {
  version: z.literal(1).default(1).describe('The version of the recipe format.'),
  model: z
    .string()
    .min(1)
    .describe(
      'The model to start from: a folder (./name or /name), a Hugging Face Hub id (owner/name), or pocket, the small model that comes with this package.',
    ),
  init: z
    .enum(['pretrained', 'random'])
    .default('pretrained')
    .describe("Start from the model's weights, or from random weights of the same shape, drawn from seed."),
  lora: loraKeys.optional().describe('Train low-rank adapters beside frozen weights. Absent: all weights are trained.'),
  data: dataKeys.describe('Which rows are read and how they become sequences.'),
  train: z
    .enum(['assistant', 'completion', 'all'])
    .optional()
    .describe(
      'Which tokens bear loss: those the assistant writes, those after the prompt, or every token. Default: assistant for sft, all for pretrain.',
    ),
  replay: replayKeys.optional().describe('Rows mixed in so that the model keeps what it knows.'),
  batch: z.int().min(1).default(16).describe('Sequences per optimizer step, over all micro-batches and devices.'),
  microBatch: z
    .union([z.int().min(1), z.literal('auto')])
    .default('auto')
    .describe('Sequences per forward and backward pass. It divides batch, and changes memory and speed, not results.'),
  optimizer: optimizerKeys,
  lr: z.number().positive().describe('The highest learning rate of the run.'),
  schedule: scheduleKeys,
  steps: z.int().min(1).optional().describe('Optimizer steps of the run. Give steps or epochs, not both.'),
  epochs: z
    .number()
    .positive()
    .optional()
    .describe('Passes over the training rows; may be a fraction. Default, without steps: 1.'),
  clip: z
    .union([z.number().positive(), z.literal(false)])
    .default(1)
    .describe('The largest norm of the gradient; a larger gradient is scaled down to it. false: never.'),
  precision: z
    .enum(['auto', 'fp32', 'bf16'])
    .default('auto')
    .describe(
      'The arithmetic of the forward and backward pass. Weights and optimizer state are fp32 always. auto: bf16 where this machine is faster in it.',
    ),
  recompute: z
    .boolean()
    .default(false)
    .describe(
      'Compute the activations of each block again in the backward pass: less memory, about a third more time, same results.',
    ),
  forgetting: forgettingKeys.describe(
    "What is measured before and after the run to tell what the model forgot, in at most 5 % of the run's arithmetic: a neutral text, or { text, suite }, or false. auto: the files that come with the model in its folder `forgetting`, else a bundled English text.",
  ),
  every: everyKeys.prefault({}).describe('What happens how often, in optimizer steps.'),
  threads: z
    .union([z.int().min(1), z.literal('auto')])
    .default('auto')
    .describe(
      'CPU threads of the engine. Results are the same bit for bit only for the same number. auto: one per physical core.',
    ),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(0)
    .describe('The number every random choice of the run is derived from.'),
};
