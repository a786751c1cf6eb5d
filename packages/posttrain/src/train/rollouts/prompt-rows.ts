import { createPackSource, preparePrompts } from '../../data/index.ts';
import type { ResolvedRecipe } from '../../runs/index.ts';
import { PosttrainError } from '../../support/errors.ts';
import { hashSeed } from '../../support/random.ts';
import { contextOf, largestIdOf, type RowHooks, rendererFor, type TrainingRows } from '../training-rows.ts';
import { type RolloutOptions, RolloutSource } from './rollout-source.ts';

/** What a method says of its rollouts; the rest is in the recipe. */
export type RolloutSettings = Omit<
  RolloutOptions,
  'prompts' | 'spare' | 'promptOf' | 'seed' | 'maxTokens' | 'temperature'
>;

/** Reads and renders the prompts of a method whose rows the model writes itself. `data.maxTokens` holds prompt and answer. */
export async function preparePromptRows(
  recipe: ResolvedRecipe,
  modelFolder: string,
  hooks: RowHooks,
  settings: RolloutSettings,
): Promise<TrainingRows> {
  const { data, batch, seed } = recipe;
  const { maxTokens, temperature } = recipe.rollout!;
  const { group, passes, minibatches } = settings;
  const { tokenizer, template, renderer } = await rendererFor(recipe, modelFolder, hooks.now);
  const { sources, promptOf, report } = await preparePrompts({
    sources: data.train,
    renderer,
    maxTokens: roomForPrompts(data.maxTokens as number, maxTokens),
    context: contextOf(modelFolder),
    overlong: data.overlong,
    signal: hooks.signal,
    onProgress: hooks.onProgress,
  });
  const prompts = { sources, batch: (batch * minibatches) / group, shuffle: data.shuffle };
  const source = createPackSource({ ...prompts, seed });
  const spare = createPackSource({ ...prompts, seed: hashSeed(seed, 'spare'), shuffle: true });
  const rows = sources.flatMap((one) => one.rows).flat();
  const meanPrompt = rows.reduce((sum, { tokens }) => sum + tokens.length, 0) / rows.length;
  return {
    tokenizer,
    template,
    source: { ...source, stepsPerEpoch: source.stepsPerEpoch * passes * minibatches },
    live: {
      // How long answers become is not known yet.
      tokensPerStep: batch * (meanPrompt + maxTokens / 2),
      start: (world) =>
        new RolloutSource({ ...settings, prompts: source, spare, promptOf, seed, maxTokens, temperature }, world),
    },
    validation: [],
    longestPack: data.maxTokens as number,
    largestId: largestIdOf(rows),
    compared: [],
    report,
  };
}

function roomForPrompts(whole: number, answer: number): number {
  if (whole - answer >= 1) return whole - answer;
  throw new PosttrainError(
    'recipe-invalid',
    `data.maxTokens (${whole}) holds prompt and answer, and rollout.maxTokens (${answer}) leaves nothing for prompts.`,
    {
      place: { key: 'rollout.maxTokens' },
      help: 'lower it, or raise data.maxTokens as far as the context of the model.',
    },
  );
}
