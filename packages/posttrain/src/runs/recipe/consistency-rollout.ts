import type { RecipeIssue } from './issues.ts';
import { rewardName } from './rewards.ts';
import type { RecipeOutput } from './schema.ts';

type RolloutRecipe = Extract<RecipeOutput, { rewards: unknown }>;

/** What contradicts itself in a recipe whose rows are prompts. */
export function rolloutIssues(recipe: RecipeOutput): RecipeIssue[] {
  if (!('rewards' in recipe)) return [];
  return [...groupIssues(recipe), ...dataIssues(recipe), ...rewardIssues(recipe), ...alarmIssues(recipe)];
}

/** The method's own keys. */
function keysOf(recipe: RolloutRecipe) {
  return recipe.method === 'grpo' ? recipe.grpo : recipe.rloo;
}

function groupIssues(recipe: RolloutRecipe): RecipeIssue[] {
  const { method, batch, rollout } = recipe;
  const { group, minibatches, lengthMargin } = keysOf(recipe);
  const issues: RecipeIssue[] = [];
  if ((batch * minibatches) % group !== 0)
    issues.push({
      path: [method, 'group'],
      at: 'value',
      message: `${method}.group (${group}) does not divide the ${batch * minibatches} answers of batch * minibatches.`,
      help: `batch: ${Math.ceil(batch / group) * group} holds whole groups.`,
    });
  if (lengthMargin !== undefined && lengthMargin > rollout.maxTokens)
    issues.push({
      path: [method, 'lengthMargin'],
      at: 'value',
      message: `${method}.lengthMargin (${lengthMargin}) is more than rollout.maxTokens (${rollout.maxTokens}).`,
    });
  if (recipe.method === 'grpo' && recipe.grpo.compat !== undefined && recipe.grpo.kl === 'reward')
    issues.push({
      path: ['grpo', 'compat'],
      at: 'key',
      message: 'grpo.compat puts k3 into the loss, and grpo.kl the divergence into the reward.',
      help: 'keep one of them.',
    });
  return issues;
}

function dataIssues({ method, data }: RolloutRecipe): RecipeIssue[] {
  const issues: RecipeIssue[] = [];
  const refuse = (key: 'validation' | 'packing' | 'overlong', why: string, help: string) =>
    issues.push({ path: ['data', key], at: 'value', message: `data.${key} is ${data[key]}, but ${why}.`, help });
  if (data.validation !== false)
    refuse(
      'validation',
      `${method} has no loss to measure on prompts that are held out`,
      'leave it out, and measure checkpoints by posttrain eval.',
    );
  if (data.packing === true)
    refuse('packing', 'answers of unequal length go through together without padding as they are', 'leave it out.');
  if (data.overlong === 'split' || data.overlong === 'truncateEnd')
    refuse(
      'overlong',
      'that would cut the end of prompts, which is to be answered',
      'drop leaves such prompts out; truncateStart cuts their start.',
    );
  return issues;
}

function rewardIssues({ rewards }: RolloutRecipe): RecipeIssue[] {
  if (rewards.every(({ gate }) => gate))
    return [
      {
        path: ['rewards'],
        at: 'key',
        message: 'every reward is a gate, and none pays.',
        help: 'a gate multiplies what others pay.',
      },
    ];
  const names = rewards.map(({ use }) => rewardName(use));
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice < 0) return [];
  const message = `two rewards are called ${names[twice]}, so their records would mix.`;
  return [{ path: ['rewards', twice, 'use'], at: 'value', message, help: 'give one function another name.' }];
}

function alarmIssues({ alarms }: RolloutRecipe): RecipeIssue[] {
  return alarms.flatMap(({ metric, above, below }, i): RecipeIssue[] => {
    if (above !== undefined || below !== undefined) return [];
    const message = `the alarm on ${metric} says neither above nor below.`;
    return [{ path: ['alarms', i], at: 'value', message }];
  });
}
