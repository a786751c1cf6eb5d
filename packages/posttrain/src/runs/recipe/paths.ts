import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { isProgram } from './methods/outside.ts';
import { namesPath } from './reward-use.ts';
import type { RecipeInput } from './schema.ts';
import type { RecipeSource } from './source.ts';

/**
 * A copy of a recipe whose paths are absolute, so that it means the same from any folder. Those of a file start at the
 * file's folder; those given by an override start at the current folder, where the shell completed them.
 */
export function absolutePaths(recipe: RecipeInput, source: RecipeSource, cwd: string): RecipeInput {
  const base = (key: string): string =>
    source.overridden.some(({ path }) => key === path || key.startsWith(`${path}.`)) ? cwd : source.folder;
  const { data, forgetting } = recipe;
  const replay = 'replay' in recipe ? recipe.replay : undefined;
  const rewards = 'rewards' in recipe ? recipe.rewards : undefined;
  const train =
    typeof data.train === 'string'
      ? absolute(data.train, base('data.train'))
      : data.train.map((part, index) => ({ ...part, path: absolute(part.path, base(`data.train.${index}.path`)) }));
  return {
    ...recipe,
    ...(isProgram(recipe.method) ? { method: methodPath(recipe.method, base('method')) } : {}),
    model: modelPath(recipe.model, base('model')),
    ...('distill' in recipe && recipe.distill ? { distill: distillPaths(recipe.distill, base) } : {}),
    ...('ppo' in recipe && recipe.ppo ? { ppo: criticPath(recipe.ppo, base('ppo.critic')) } : {}),
    data: {
      ...data,
      train,
      ...(typeof data.validation === 'string'
        ? { validation: absolute(data.validation, base('data.validation')) }
        : {}),
      ...(data.template === undefined ? {} : { template: absolute(data.template, base('data.template')) }),
    },
    ...(replay === undefined ? {} : { replay: { ...replay, path: absolute(replay.path, base('replay.path')) } }),
    ...(rewards === undefined ? {} : { rewards: rewardPaths(rewards, base('rewards')) }),
    ...(forgetting === undefined ? {} : { forgetting: forgettingPaths(forgetting, base) }),
  };
}

function distillPaths<Keys extends { teacher?: string | undefined; logits?: string | undefined }>(
  keys: Keys,
  base: (key: string) => string,
): Keys {
  const { teacher, logits } = keys;
  return {
    ...keys,
    ...(teacher === undefined ? {} : { teacher: modelPath(teacher, base('distill.teacher')) }),
    ...(logits === undefined ? {} : { logits: absolute(logits, base('distill.logits')) }),
  };
}

function criticPath<Keys extends { critic?: string | undefined }>(keys: Keys, base: string): Keys {
  const { critic } = keys;
  return critic === undefined || critic === 'policy' ? keys : { ...keys, critic: modelPath(critic, base) };
}

type Rewards = Extract<RecipeInput, { rewards: unknown }>['rewards'];

function rewardPaths(rewards: Rewards, base: string): Rewards {
  return rewards.map((reward) => {
    const { use, with: options } = reward;
    return {
      ...reward,
      ...(typeof use === 'string' && namesPath(use) ? { use: absolute(use, base) } : {}),
      ...(options === undefined ? {} : { with: rewardOptionPaths(options, base) }),
    };
  });
}

function rewardOptionPaths<
  Options extends { model?: string | undefined; principles?: string | undefined; criteria?: string | undefined },
>(options: Options, base: string): Options {
  const { model, principles, criteria } = options;
  return {
    ...options,
    ...(model === undefined || /^https?:/.test(model) ? {} : { model: absolute(model, base) }),
    ...(principles === undefined ? {} : { principles: standardsPath(principles, base) }),
    ...(criteria === undefined ? {} : { criteria: standardsPath(criteria, base) }),
  };
}

/** The standards that come with the package have a name, which a file of that name takes. */
function standardsPath(path: string, base: string): string {
  const file = absolute(path, base);
  return /^[\w-]+$/.test(path) && !existsSync(file) ? path : file;
}

function forgettingPaths(
  forgetting: NonNullable<RecipeInput['forgetting']>,
  base: (key: string) => string,
): NonNullable<RecipeInput['forgetting']> {
  if (forgetting === false || forgetting === 'auto') return forgetting;
  if (typeof forgetting === 'string') return absolute(forgetting, base('forgetting'));
  const { text, suite } = forgetting;
  return {
    ...(text === undefined ? {} : { text: absolute(text, base('forgetting.text')) }),
    ...(suite === undefined ? {} : { suite: absolute(suite, base('forgetting.suite')) }),
  };
}

export function absolute(path: string, base: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return resolve(base, path);
}

/** A folder by its look, or because it is there; anything else is a Hub id or the name of an embedded model. */
export function modelPath(model: string, base: string): string {
  const looksLikeFolder = isAbsolute(model) || /^(\.\.?|~)([/\\]|$)/.test(model);
  if (looksLikeFolder) return absolute(model, base);
  return model !== 'pocket' && existsSync(resolve(base, model)) ? resolve(base, model) : model;
}

/** Its end stays as it is. */
function methodPath<File extends string>(file: File, base: string): File {
  return absolute(file, base) as File;
}
