import type { RecipeIssue } from './issues.ts';
import { optionsOf, requiredOptionsOf, rewardName } from './reward-use.ts';
import type { RecipeOutput, RewardOutput } from './schema.ts';

type RolloutRecipe = Extract<RecipeOutput, { rewards: unknown }>;

/** What contradicts itself in a recipe whose rows are prompts. */
export function rolloutIssues(recipe: RecipeOutput): RecipeIssue[] {
  if (!('rewards' in recipe)) return [];
  return [
    ...groupIssues(recipe),
    ...lengthIssues(recipe),
    ...dataIssues(recipe),
    ...rewardIssues(recipe),
    ...alarmIssues(recipe),
  ];
}

/** The method's own keys. */
function keysOf(recipe: RolloutRecipe) {
  if (recipe.method === 'ppo') return recipe.ppo;
  return recipe.method === 'grpo' ? recipe.grpo : recipe.rloo;
}

function groupIssues(recipe: RolloutRecipe): RecipeIssue[] {
  if (recipe.method === 'ppo') return [];
  const { method, batch } = recipe;
  const { group, minibatches } = recipe.method === 'grpo' ? recipe.grpo : recipe.rloo;
  const issues: RecipeIssue[] = [];
  if ((batch * minibatches) % group !== 0)
    issues.push({
      path: [method, 'group'],
      at: 'value',
      message: `${method}.group (${group}) does not divide the ${batch * minibatches} answers of batch * minibatches.`,
      help: `batch: ${Math.ceil(batch / group) * group} holds whole groups.`,
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

function lengthIssues(recipe: RolloutRecipe): RecipeIssue[] {
  const { method, rollout } = recipe;
  const { lengthMargin } = keysOf(recipe);
  if (lengthMargin === undefined || lengthMargin <= rollout.maxTokens) return [];
  const message = `${method}.lengthMargin (${lengthMargin}) is more than rollout.maxTokens (${rollout.maxTokens}).`;
  return [{ path: [method, 'lengthMargin'], at: 'value', message }];
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
  const issues = rewards.flatMap((reward, i) => [...watchIssues(reward, i), ...optionIssues(reward, i)]);
  if (rewards.every(({ gate, watch }) => gate || watch))
    issues.push({
      path: ['rewards'],
      at: 'key',
      message: `every reward is a ${rewards.some(({ watch }) => watch) ? 'gate or a watch' : 'gate'}, and none pays.`,
      help: 'a gate multiplies what others pay, and a watch is only recorded.',
    });
  const names = rewards.map(({ use, name }) => name ?? rewardName(use));
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    const message = `two rewards are called ${names[twice]}, so their records would mix.`;
    issues.push({
      path: ['rewards', twice, 'use'],
      at: 'value',
      message,
      help: 'give one of them a name: of its own.',
    });
  }
  return issues;
}

function watchIssues({ watch, gate, weight }: RewardOutput, i: number): RecipeIssue[] {
  if (!watch) return [];
  const issues: RecipeIssue[] = [];
  const refuse = (key: 'gate' | 'weight', message: string) =>
    issues.push({ path: ['rewards', i, key], at: 'key', message, help: 'leave out one of the two.' });
  if (gate) refuse('gate', 'a watch pays nothing and takes nothing, so it is no gate.');
  if (weight !== 1) refuse('weight', `a watch is never part of the sum, so it has no weight (${weight}).`);
  return issues;
}

/** Keys of `with` that what is used does not know, or cannot be without. */
function optionIssues({ use, with: options = {} }: RewardOutput, i: number): RecipeIssue[] {
  const known = optionsOf(use);
  const name = rewardName(use);
  const stray = Object.keys(options)
    .filter((key) => !known.includes(key))
    .map((key): RecipeIssue => {
      const help = known.length === 0 ? 'leave out with.' : `it takes ${known.join(', ')}.`;
      return { path: ['rewards', i, 'with', key], at: 'key', message: `${name} takes no ${key}.`, help };
    });
  const missing = requiredOptionsOf(use)
    .filter((key) => !(key in options))
    .map((key): RecipeIssue => {
      const help =
        key === 'model' ? 'with: { model: http://HOST/v1#MODEL }, or the folder of a model.' : `with: { ${key}: … }.`;
      return { path: ['rewards', i, 'use'], at: 'value', message: `${name} needs with.${key}.`, help };
    });
  if (options.principle === undefined || options.principles !== undefined) return [...stray, ...missing];
  const message = 'with.principle names one of with.principles, which is not there.';
  return [...stray, ...missing, { path: ['rewards', i, 'with', 'principle'], at: 'key', message }];
}

function alarmIssues({ alarms }: RolloutRecipe): RecipeIssue[] {
  return alarms.flatMap(({ metric, above, below }, i): RecipeIssue[] => {
    if (above !== undefined || below !== undefined) return [];
    const message = `the alarm on ${metric} says neither above nor below.`;
    return [{ path: ['alarms', i], at: 'value', message }];
  });
}
