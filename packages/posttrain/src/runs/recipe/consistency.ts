import { distillIssues } from './consistency-distill.ts';
import { rolloutIssues } from './consistency-rollout.ts';
import type { RecipeIssue } from './issues.ts';
import type { ResolvedData } from './resolved-recipe.ts';
import type { RecipeInput, RecipeOutput } from './schema.ts';

/** What the schema of single values cannot see: values that contradict each other. */
export function consistencyIssues(written: RecipeInput, recipe: RecipeOutput): RecipeIssue[] {
  return [
    ...lengthIssues(recipe),
    ...batchIssues(recipe),
    ...scheduleIssues(recipe),
    ...heldOutIssues(written),
    ...forgettingIssues(recipe),
    ...(learnsFromFeedback.has(recipe.method) ? feedbackIssues(recipe.method, recipe.data) : []),
    ...compatIssues(recipe),
    ...adapterIssues(recipe),
    ...distillIssues(written, recipe),
    ...rolloutIssues(recipe),
  ];
}

function lengthIssues({ steps, epochs }: RecipeOutput): RecipeIssue[] {
  if (steps === undefined || epochs === undefined) return [];
  const message = `steps (${steps}) and epochs (${epochs}) both say how long the run is.`;
  return [{ path: ['epochs'], at: 'key', message, help: 'keep one of them.' }];
}

function batchIssues({ batch, microBatch }: RecipeOutput): RecipeIssue[] {
  if (microBatch === 'auto' || batch % microBatch === 0) return [];
  const message = `batch (${batch}) is not a multiple of microBatch (${microBatch}).`;
  return [{ path: ['microBatch'], at: 'value', message, help: `${nearDivisors(batch, microBatch)} ${batch}.` }];
}

function nearDivisors(batch: number, near: number): string {
  const divisors = Array.from({ length: batch }, (_, i) => i + 1).filter((divisor) => batch % divisor === 0);
  const below = divisors.filter((divisor) => divisor < near).at(-1);
  const above = divisors.find((divisor) => divisor > near);
  const both = [below, above].filter((divisor) => divisor !== undefined);
  return both.length === 2 ? `${both.join(' and ')} divide` : `${both.join('')} divides`;
}

function scheduleIssues({ schedule, steps }: RecipeOutput): RecipeIssue[] {
  if (typeof schedule === 'string') return [];
  const { warmup } = schedule;
  const hold = 'hold' in schedule ? schedule.hold : 0;
  const issue = (message: string, help: string): RecipeIssue[] => [
    { path: ['schedule', 'warmup'], at: 'value', message, help },
  ];
  if (warmup > 1 && !Number.isInteger(warmup)) {
    return issue(
      `schedule.warmup is ${warmup}, but must be a share below 1 or a whole number of steps.`,
      `${Math.round(warmup)} is a number of steps.`,
    );
  }
  if (warmup >= 1 && steps !== undefined && warmup > steps) {
    return issue(
      `schedule.warmup (${warmup} steps) is longer than the run (${steps} steps).`,
      'the rate would never reach lr.',
    );
  }
  const share = warmup < 1 ? warmup : steps === undefined ? 0 : warmup / steps;
  if (share + hold > 1) {
    return issue(
      `schedule.warmup (${warmup}) and schedule.hold (${hold}) together are longer than the run.`,
      'nothing is left for the decay.',
    );
  }
  return [];
}

function heldOutIssues({ data, every }: RecipeInput): RecipeIssue[] {
  const { validation } = data;
  if (validation === undefined || validation === false) {
    if (typeof every?.evaluate !== 'number') return [];
    const message = `every.evaluate is ${every.evaluate}, but there are no held-out rows to evaluate on.`;
    return [
      {
        path: ['every', 'evaluate'],
        at: 'key',
        message,
        help: 'set data.validation, to a share such as 0.02 or a file.',
      },
    ];
  }
  const files = typeof data.train === 'string' ? [data.train] : data.train.map(({ path }) => path);
  if (typeof validation !== 'string' || !files.includes(validation)) return [];
  const message = `data.validation is ${validation}, which is also trained on.`;
  return [
    {
      path: ['data', 'validation'],
      at: 'value',
      message,
      help: 'a share, such as 0.02, holds rows of the training file out.',
    },
  ];
}

function forgettingIssues({ method, forgetting }: RecipeOutput): RecipeIssue[] {
  if (method === 'reward-model' && forgetting !== false && forgetting !== 'auto') {
    const message = 'forgetting asks what the model still knows of a text, but a reward model predicts none.';
    return [{ path: ['forgetting'], at: 'key', message, help: 'leave it out.' }];
  }
  if (typeof forgetting !== 'object' || forgetting.text !== undefined || forgetting.suite !== undefined) return [];
  const message = 'forgetting names neither a text nor a suite.';
  return [{ path: ['forgetting'], at: 'value', message, help: 'give one of them, or false to measure nothing.' }];
}

const learnsFromFeedback: ReadonlySet<string> = new Set(['reward-model', 'dpo', 'kto', 'orpo', 'simpo']);

/** What rows of feedback cannot be: an answer that is judged stays whole, and none is worth packing, as nothing is padded. */
export function feedbackIssues(
  method: string,
  data: Pick<ResolvedData, 'packing' | 'overlong'> | RecipeOutput['data'],
): RecipeIssue[] {
  const issues: RecipeIssue[] = [];
  if (data.packing === true)
    issues.push({
      path: ['data', 'packing'],
      at: 'value',
      message: `data.packing is true, but ${method} compares answers one by one.`,
      help: 'leave it out: rows of unequal length go through together without padding as they are.',
    });
  if (data.overlong === 'split' || data.overlong === 'truncateEnd')
    issues.push({
      path: ['data', 'overlong'],
      at: 'value',
      message: `data.overlong is ${data.overlong}, which would cut the answers that ${method} compares.`,
      help: 'drop leaves such rows out; truncateStart cuts the start of their prompts.',
    });
  return issues;
}

/** TRL exchanges answers inside the micro-batches that the file's order gives, so they must be known before the run. */
function compatIssues(recipe: RecipeOutput): RecipeIssue[] {
  if (recipe.method !== 'kto' || recipe.kto.compat === undefined) return [];
  const { data, microBatch } = recipe;
  const help = 'kto.compat: trl needs data.shuffle: false, one file in data.train, and a microBatch of 2 or more.';
  const issue = (path: string[], message: string): RecipeIssue => ({ path, at: 'key', message, help });
  const issues: RecipeIssue[] = [];
  if (data.shuffle) issues.push(issue(['data', 'shuffle'], 'data.shuffle is true, but kto.compat is trl.'));
  if (typeof data.train !== 'string' && data.train.length > 1)
    issues.push(issue(['data', 'train'], `data.train mixes ${data.train.length} files, but kto.compat is trl.`));
  if (microBatch === 'auto' || microBatch < 2)
    issues.push(issue(['microBatch'], `microBatch is ${microBatch}, but kto.compat is trl.`));
  return issues;
}

function adapterIssues({ method, lora, init }: RecipeOutput): RecipeIssue[] {
  if (lora === undefined) return [];
  if (method === 'reward-model') {
    const message = 'lora trains adapters alone, and a reward model has a new head to train.';
    return [{ path: ['lora'], at: 'key', message, help: 'leave lora out: all weights of a reward model are trained.' }];
  }
  if (init === 'pretrained') return [];
  const message = 'init is random, but lora keeps the adapters alone: the random weights would be lost.';
  return [{ path: ['init'], at: 'value', message, help: 'leave out init, or lora.' }];
}
