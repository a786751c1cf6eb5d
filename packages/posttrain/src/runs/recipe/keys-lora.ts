import * as z from 'zod';

/** The key that says which low-rank adapters are trained in place of the weights. */

export const loraKeys = z
  .strictObject({
    rank: z.int().min(1).default(16).describe('Rows of A and columns of B: how much an adapter can change.'),
    alpha: z
      .number()
      .positive()
      .optional()
      .describe("What the adapter's product is multiplied by, over rank. Default: twice the rank."),
    targets: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).readonly()])
      .default('all-linear')
      .describe(
        "Which linear maps get adapters: all-linear, every one of the blocks; a list of names' ends, such as [q_proj, v_proj]; or a regular expression for whole names.",
      ),
    dropout: z.number().min(0).lt(1).default(0).describe('Probability of dropping an element of the input of A.'),
    rankStabilized: z
      .boolean()
      .default(false)
      .describe('Divide alpha by the square root of rank instead of rank (rsLoRA, arXiv:2312.03732).'),
  })
  .meta({
    id: 'LoraKeys',
    description: 'LoRA (Hu et al. 2021, arXiv:2106.09685): low-rank adapters are trained, and the model is frozen.',
  });
