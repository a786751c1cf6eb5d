import { loadRecipe } from '../runs/recipe/load.ts';
import type { Recipe } from '../runs/recipe/recipe.generated.ts';
import { resolveRecipe } from '../runs/recipe/resolve.ts';
import { lengthPenalty, named, type Reward, type Sample } from '../scoring/index.ts';
import { deserializeError, PosttrainError } from '../support/errors.ts';
import { LoadedRewards } from './load-rewards.ts';
import { RewardDesk } from './reward-desk.ts';

type Row = Readonly<Record<string, unknown>>;

export interface RecipeRewardOptions {
  /** Changes to the recipe such as `rewards.0.weight=2`. */
  readonly overrides?: readonly string[];
  /** Run rewards that a recipe file names outside its own folder. */
  readonly allowCode?: boolean;
}

/** What answers earn under a recipe. Disposing of it ends the engines of reward models and judges. */
export type RecipeReward = Reward<Row> & AsyncDisposable;

/**
 * All rewards of a recipe as training combines them: gates, weights, watches, time limits and `lengthMargin` included. Each reward's score
 * is a part under its name.
 *
 * @example
 * await using reward = await loadRecipeReward('grpo.yaml');
 * const audit = await auditReward(reward, cases);
 * @throws what `loadRecipe` and loading the rewards throw; `usage` for a recipe without rewards
 */
export async function loadRecipeReward(
  recipe: Recipe | string,
  { overrides = [], allowCode = false }: RecipeRewardOptions = {},
): Promise<RecipeReward> {
  const loaded = await loadRecipe(recipe, overrides);
  const resolved = await resolveRecipe(loaded);
  if (resolved.rewards === undefined)
    throw new PosttrainError('usage', `a recipe of method ${resolved.method} has no rewards.`);
  const within = typeof recipe === 'string' && !allowCode ? loaded.folder : undefined;
  const rewards = await LoadedRewards.of(loaded.recipe, resolved, within);
  const desk = new RewardDesk(rewards.list, new AbortController().signal);
  const margin = (resolved.grpo ?? resolved.rloo)?.lengthMargin;
  const length = margin === undefined ? null : lengthPenalty<Row>(resolved.rollout!.maxTokens, margin);
  const combined = named('combined', async (sample: Sample<Row>, context: { readonly signal: AbortSignal }) => {
    context.signal.throwIfAborted();
    const { reward, scores, failed } = await desk.score({ id: '', sample, known: [] });
    if (failed) throw deserializeError(failed);
    const parts = scores.flatMap((score) => [
      ...(score.value === null ? [] : [[score.reward, score.value] as const]),
      ...Object.entries(score.parts).map(([part, value]) => [`${score.reward}.${part}`, value] as const),
    ]);
    const punished = length === null ? 0 : (length(sample, context) as number);
    return { value: reward === null ? null : reward + punished, parts: Object.fromEntries(parts) };
  });
  return Object.assign(combined, { [Symbol.asyncDispose]: () => rewards[Symbol.asyncDispose]() });
}
