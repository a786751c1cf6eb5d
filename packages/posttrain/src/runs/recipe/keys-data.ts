import * as z from 'zod';

/** Keys that say which rows are read and how they become sequences. */

const path = z.string().min(1);

const weightedPath = z
  .strictObject({
    path: path.describe('A file of rows (.jsonl) or of plain text (.txt).'),
    weight: z
      .number()
      .positive()
      .default(1)
      .describe('How often each row of this file is seen, relative to rows of the other files: 2 is twice as often.'),
  })
  .meta({ id: 'WeightedPath', description: 'One of several training files, with its weight in the mixture.' });

export const dataKeys = z
  .strictObject({
    train: z
      .union([path, z.array(weightedPath).min(1).readonly()])
      .describe(
        'The training rows: a file, or a list of files with weights. Relative paths start at the folder of the recipe.',
      ),
    validation: z
      .union([z.number().gt(0).lt(1), path, z.literal(false)])
      .default(false)
      .describe(
        'The held-out rows: a share of the training rows (chosen by the hash of the row, so it never changes), a file, or false.',
      ),
    maxTokens: z
      .union([z.int().min(2), z.literal('auto')])
      .default('auto')
      .describe("The longest sequence, in tokens. auto: the smaller of the model's context and 2048."),
    overlong: z
      .enum(['error', 'drop', 'truncateStart', 'truncateEnd', 'split'])
      .default('error')
      .describe(
        'What happens to rows longer than maxTokens: stop and list them, leave them out, cut at the start or end, or split into several rows.',
      ),
    packing: z
      .boolean()
      .optional()
      .describe(
        'Fill each sequence with several rows that cannot see each other. batch then counts packed sequences. Default: true for pretrain, false for sft.',
      ),
    specialTokens: z
      .enum(['text', 'error', 'allow'])
      .default('text')
      .describe(
        'Control strings such as <|im_end|> inside user, system and tool text: encode them as plain text, stop and list the rows, or encode them as control tokens.',
      ),
    shuffle: z
      .boolean()
      .default(true)
      .describe('Draw rows in an order given by seed; false keeps the order of the file.'),
    template: path
      .optional()
      .describe("A chat template (.jinja) to use instead of the model's own. It is saved with every checkpoint."),
  })
  .meta({ id: 'DataKeys', description: 'Which rows are read and how they become sequences.' });

export const replayKeys = z
  .strictObject({
    path: path.describe('A file of rows like those the model was trained on before.'),
    share: z.number().gt(0).lt(1).describe('The share of the sequences of each step that comes from this file.'),
  })
  .meta({ id: 'ReplayKeys', description: 'Rows mixed in so that the model keeps what it knows.' });
