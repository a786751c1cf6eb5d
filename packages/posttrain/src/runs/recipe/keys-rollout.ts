import * as z from 'zod';
import type { Reward } from '../../scoring/contract.ts';
import { sharedKeys } from './keys-shared.ts';

/** Keys of methods that learn from answers which the model writes while it is trained. */

const rewardOptions = z
  .strictObject({
    precision: z
      .enum(['auto', 'fp32', 'bf16'])
      .optional()
      .describe(
        'Of a reward model or a judge of this machine: what it computes in. Default: fp32 for reward models, so that no order of answers hangs on rounding; auto for judges.',
      ),
    threads: z
      .union([z.int().min(1), z.literal('auto')])
      .optional()
      .describe('Of a reward model or a judge of this machine: CPU threads of its own engine. Default: auto.'),
    model: z
      .string()
      .min(1)
      .optional()
      .describe('Of judge and rubric: who judges. A folder or run folder, or http://HOST/v1#MODEL.'),
    principles: z
      .string()
      .min(1)
      .optional()
      .describe('Of judge: a file of principles that it judges by, each on its own, or regulated-qa.'),
    principle: z.string().min(1).optional().describe('Of judge: the id of the only principle that it judges by.'),
    criteria: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Of rubric: a JSON file of criteria with points, or a file of principles. Default: the rubric of each row.',
      ),
    threshold: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe(
        'Of exact, number, abstention: the confidence t below which abstaining pays, as a wrong answer earns -t/(1-t). Default: 0; of abstention 0.5.',
      ),
    overRefusal: z
      .number()
      .min(-1)
      .max(0)
      .optional()
      .describe('Of refusal: what refusing a safe request earns. Default: -1.'),
    required: z
      .array(z.string().min(1))
      .readonly()
      .optional()
      .describe('Of json: keys that must be there and not empty.'),
    ngram: z.int().min(1).optional().describe('Of repetition: tokens of a run that counts as repeated. Default: 3.'),
    most: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'Of repetition: the largest penalty. Default: 1. Of notCopied: the share of the text that may be one run of a source. Default: 0.8.',
      ),
  })
  .meta({ id: 'RewardOptions', description: 'What a built-in reward, a judge or a reward model takes.' });

const rewardKeys = z
  .strictObject({
    use: z
      .union([z.string().min(1), z.custom<Reward<never>>((value) => typeof value === 'function', 'a function')])
      .describe(
        'What scores an answer: ./rewards.ts#name (a function that the file exports), ./runs/rm (a reward model: its folder, or that of the run that trained it), judge, rubric, or a built-in such as exact, which compares with the key answer of the row. In TypeScript also the function itself.',
      ),
    with: rewardOptions.optional(),
    name: z
      .string()
      .regex(/^\w[\w-]*$/, 'letters, digits, _ and -')
      .optional()
      .describe('How metrics and records call it. Default: by what it uses.'),
    weight: z.number().default(1).describe('What its score is multiplied by before all are added up.'),
    gate: z
      .boolean()
      .default(false)
      .describe(
        'Its score, 0 to 1, multiplies the sum of the others instead of being added: a format never pays by itself.',
      ),
    watch: z
      .boolean()
      .default(false)
      .describe('It is asked about every answer and recorded, but pays nothing: the metric is reward.NAME.'),
    timeout: z
      .number()
      .positive()
      .optional()
      .describe(
        'Seconds that one call may take. Default: 60; of a reward model, whose answers wait for each other, 600.',
      ),
    retries: z.int().min(0).default(0).describe('How often a call that failed or took too long is made again.'),
    concurrency: z
      .int()
      .min(1)
      .optional()
      .describe('Calls that may be under way at once. Default: 8; of a reward model, which scores them together, 256.'),
    onError: z
      .enum(['stop', 'skip'])
      .default('stop')
      .describe('When the last try has failed: stop the run after a checkpoint, or leave the answer unscored.'),
    sha256: z
      .string()
      .optional()
      .describe(
        'The hash of the file or of the reward model, which the run fills in: it goes on only with the reward that it began with.',
      ),
  })
  .meta({ id: 'RewardKeys', description: 'One thing that answers are rewarded for.' });

export const rollout = z
  .strictObject({
    maxTokens: z.int().min(1).default(256).describe('The longest answer, in tokens.'),
    temperature: z
      .number()
      .positive()
      .default(1)
      .describe('What logits are divided by, when answers are drawn and when their log-probabilities are taken.'),
  })
  .meta({ id: 'RolloutKeys', description: 'How answers are drawn.' });

const alarm = z
  .strictObject({
    metric: z.string().min(1).describe('A metric of the step, such as entropy, kl, truncated or reward.'),
    above: z.number().optional().describe('It rings while the metric is above this.'),
    below: z.number().optional().describe('It rings while the metric is below this.'),
    steps: z.int().min(1).default(5).describe('Steps in a row after which it rings.'),
    action: z.enum(['warn', 'stop']).default('warn').describe('Warn, or write a checkpoint and stop the run.'),
  })
  .meta({ id: 'AlarmKeys', description: 'A value of a metric at which a run is no longer healthy.' });

/** What is watched where a recipe says nothing. */
const standardAlarms: z.input<typeof alarm>[] = [
  { metric: 'truncated', above: 0.5, steps: 10 },
  { metric: 'entropy', below: 0.02, steps: 10 },
  { metric: 'mismatch', above: 0.1, steps: 5 },
];
const groupAlarm = { metric: 'zeroVariance', above: 0.9, steps: 10 };
const criticAlarm = { metric: 'explainedVariance', below: 0, steps: 20 };

const { train: _train, replay: _replay, ...kept } = sharedKeys;

/** The keys that all methods with rollouts share. */
const rolloutKeys = {
  ...kept,
  rollout: rollout.prefault({}).describe('How answers are drawn.'),
  rewards: z.array(rewardKeys).min(1).readonly().describe('What answers are rewarded for.'),
};

function alarmKeys(standard: z.input<typeof alarm>[], said: string) {
  return z
    .array(alarm)
    .readonly()
    .prefault(standard)
    .describe(
      `When to warn, or to stop, because the run is no longer healthy. Where left out: warnings on ${said} and truncated above 0.5 for 10 steps, entropy below 0.02 for 10, mismatch above 0.1 for 5.`,
    );
}

/** Those of methods that compare several answers to each prompt. */
export const groupRolloutKeys = {
  ...rolloutKeys,
  alarms: alarmKeys([groupAlarm, ...standardAlarms], 'zeroVariance above 0.9'),
};

/** Those of methods with a critic. */
export const criticRolloutKeys = {
  ...rolloutKeys,
  alarms: alarmKeys([criticAlarm, ...standardAlarms], 'explainedVariance below 0 for 20 steps'),
};

/** Keys of how answers are learnt from, under the name of a method. */
export const updateKeys = {
  passes: z.int().min(1).default(1).describe('How often each answer is learnt from before new ones are drawn.'),
  minibatches: z
    .int()
    .min(1)
    .default(1)
    .describe('Optimizer steps of one pass. batch * minibatches answers are drawn at a time.'),
  clipLow: z.number().min(0).lt(1).default(0.2).describe('A probability ratio below 1 - clipLow earns no more.'),
  clipHigh: z.number().min(0).default(0.2).describe('A probability ratio above 1 + clipHigh earns no more.'),
  beta: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the divergence from the model before the run. Above 0 that model stays in memory too.'),
  entropy: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Weight of an entropy bonus: the entropy of the whole distribution at each token, in nats, is added to what is maximised.',
    ),
  lengthMargin: z
    .int()
    .min(1)
    .optional()
    .describe(
      'The reward falls in a line by 1 over the last so many tokens before rollout.maxTokens (DAPO, eq. 13). Default: no penalty.',
    ),
  truncatedPenalty: z
    .number()
    .min(0)
    .default(0)
    .describe('Taken off the reward of an answer that was cut at rollout.maxTokens instead of ending.'),
  maskTruncated: z.boolean().default(false).describe('Answers that were cut at rollout.maxTokens are not learnt from.'),
  correction: z
    .enum(['auto', 'none', 'truncate', 'mask'])
    .default('auto')
    .describe(
      'Sampler and trainer give slightly different probabilities. truncate weighs each token by their ratio, at most correctionCap; mask leaves tokens beyond it out. auto: truncate in bf16, none in fp32.',
    ),
  correctionCap: z
    .number()
    .gt(1)
    .default(2)
    .describe('The largest ratio of trainer to sampler probability that counts.'),
};

/** Keys under the name of a method that compares several answers to each prompt. */
export const groupKeys = {
  group: z.int().min(2).default(8).describe('Answers to each prompt, which are compared with each other.'),
  ...updateKeys,
  zeroVariance: z
    .enum(['keep', 'drop', 'resample'])
    .default('keep')
    .describe(
      'Groups whose answers all earn the same teach nothing: count them in the mean, leave them out, or draw other prompts in their place.',
    ),
  rounds: z.int().min(1).default(3).describe('With resample: how often other prompts are drawn at most.'),
};
