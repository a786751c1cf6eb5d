import * as z from 'zod';

/** Keys that say how a gradient becomes a new weight, and how that changes over the run. */

const beta = z.number().min(0).lt(1);
const betas = z
  .tuple([beta, beta])
  .readonly()
  .default([0.9, 0.999])
  .describe("Decay rates of Adam's running means of the gradient and of its square.");
const eps = z.number().positive().default(1e-8).describe("Added to Adam's denominator.");
const weightDecay = z
  .number()
  .min(0)
  .default(0)
  .describe(
    'Decoupled weight decay: each step multiplies weights by 1 - lr * weightDecay. Norms and biases are exempt.',
  );

const adamw = z
  .strictObject({
    kind: z.literal('adamw').optional().describe('Which optimizer; adamw when left out.'),
    betas,
    eps,
    weightDecay,
  })
  .meta({ id: 'AdamW', description: 'AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101).' });

const muon = z
  .strictObject({
    kind: z.literal('muon').describe('Which optimizer.'),
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.95)
      .describe('Decay rate of the running mean of the gradient that is orthogonalized.'),
    betas,
    eps,
    weightDecay,
  })
  .meta({
    id: 'Muon',
    description:
      'Muon (Jordan et al. 2024) for the matrices of the blocks; AdamW, with betas and eps, for embeddings, head, norms and biases.',
  });

export const optimizerKeys = z
  .union([z.enum(['adamw', 'muon']), z.discriminatedUnion('kind', [adamw, muon])])
  .default('adamw')
  .describe('The optimizer, by name or with its settings.');

function warmup(standard: number) {
  return z
    .number()
    .min(0)
    .default(standard)
    .describe(
      'Steps over which the rate rises linearly from 0 to lr: a share of the run if below 1, else a number of steps.',
    );
}

const constant = z
  .strictObject({ kind: z.literal('constant').describe('lr throughout, after the warmup.'), warmup: warmup(0) })
  .meta({ id: 'ConstantSchedule', description: 'The same rate throughout.' });

const decaying = z
  .strictObject({
    kind: z.enum(['linear', 'cosine']).optional().describe('The shape of the decay; cosine when left out.'),
    warmup: warmup(0.03),
    floor: z.number().min(0).lte(1).default(0).describe('The rate at the end of the run, as a share of lr.'),
    hold: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('The share of the steps that stays at lr between warmup and decay.'),
  })
  .meta({ id: 'DecayingSchedule', description: 'A rate that rises, may hold, then falls to its floor.' });

export const scheduleKeys = z
  .union([z.enum(['constant', 'linear', 'cosine']), z.discriminatedUnion('kind', [constant, decaying])])
  .default('cosine')
  .describe('How the learning rate changes over the run. A name is short for { kind: name }.');
