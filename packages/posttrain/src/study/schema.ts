import * as z from 'zod';
import type { JsonSchema } from '../runs/recipe/json-schema.ts';

/** The keys of a study file. Arms are checked by arms.ts, each by what it is. */

const files = z
  .record(z.string(), z.string().min(1))
  .describe('Files and folders by the names that tasks ask for. Relative paths start at the folder of the study.');
const tasks = z
  .array(z.string().min(1))
  .min(1)
  .readonly()
  .describe('Names of tasks, or *.eval.ts files, whose code then runs.');
const limit = z.int().min(1).describe('Documents of each task, as a seeded sample; all when left out.');
const seed = z.int().min(0).max(0xffffffff);

const chooseKeys = z
  .strictObject({
    tasks,
    data: files.default({}),
    metric: z
      .string()
      .min(1)
      .optional()
      .describe('The figure that decides, task.metric; the first metric of the first task when left out.'),
    seed: seed.optional().describe('The training seed of the sweep; the first of seeds when left out.'),
    limit: limit.optional(),
  })
  .describe('Which figure decides sweeps: on development documents, with one seed.');

const evaluateKeys = z
  .strictObject({
    tasks,
    data: files.default({}),
    limit: limit.optional(),
    margins: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('Differences that do not matter, by task.metric, in the unit of the metric.'),
    require: z
      .array(z.string().min(1))
      .default([])
      .describe('Conditions on every arm but the baseline: gsm8k.acc >= 0.4, change of gsm8k.acc > -0.02.'),
    seed: seed.default(1).describe('Of sampled answers, of limit and of resampling.'),
    precision: z.enum(['auto', 'fp32', 'bf16']).default('fp32').describe('What answers are computed in.'),
  })
  .describe('What the arms are compared on: read once, after all training.');

export const studySchema = z.strictObject({
  version: z.literal(1).default(1).describe('The version of the study format.'),
  name: z
    .string()
    .regex(/^[\w][\w.-]*$/, 'a name of letters, digits, _ - and .')
    .optional()
    .describe('The name of its folder; that of the file when left out.'),
  arms: z
    .record(z.string(), z.unknown())
    .describe(
      'What is compared, by name: a recipe file, a recipe, { recipe, with } for a recipe with changes, or { model } for a model as it is. A list for a value of a recipe makes a sweep.',
    ),
  seeds: z
    .array(seed)
    .min(1)
    .default([1, 2, 3, 4, 5])
    .describe('Training seeds of every arm. A claim about a method needs 5.'),
  baseline: z.string().optional().describe('The arm that the others are compared with; the first when left out.'),
  choose: chooseKeys.optional(),
  evaluate: evaluateKeys,
  allow: z
    .array(z.literal('unequal-tokens'))
    .default([])
    .describe('unequal-tokens: compare arms that were trained on different amounts of text; it is no claim then.'),
});

export type StudyOutput = z.output<typeof studySchema>;

/** The forms of an arm, for completion in editors. */
const arm = {
  anyOf: [
    { type: 'string', description: 'A recipe file.' },
    {
      type: 'object',
      description: 'A model as it is: a control that is not trained.',
      properties: { model: { type: 'string' } },
      required: ['model'],
      additionalProperties: false,
    },
    {
      type: 'object',
      description: 'A recipe with changes.',
      properties: {
        recipe: { anyOf: [{ type: 'string' }, { type: 'object' }] },
        with: {
          type: 'object',
          description: 'Keys as on the command line: lr, data.maxTokens. A list makes a sweep.',
        },
      },
      required: ['recipe'],
      additionalProperties: false,
    },
    {
      type: 'object',
      description: 'A recipe; a list for a value makes a sweep.',
      properties: { method: { type: 'string' } },
      required: ['method'],
    },
  ],
};

/** The JSON Schema of a study file, in draft 7 like the recipe's. */
export function studyJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(studySchema, {
    io: 'input',
    target: 'draft-07',
    override: ({ jsonSchema }) => {
      // Zod writes the largest safe integer, which says nothing to a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      delete jsonSchema.readOnly;
    },
  }) as JsonSchema & { properties: Record<string, JsonSchema & { additionalProperties?: unknown }> };
  schema.properties['arms']!.additionalProperties = arm;
  return { $schema: schema.$schema!, title: 'posttrain study', ...schema };
}
