import type { LoadedRecipe } from './load.ts';
import type { ResolvedOptimizer, ResolvedRecipe, ResolvedSchedule } from './resolved-recipe.ts';
import type { RecipeOutput } from './schema.ts';

type RolloutOutput = Extract<RecipeOutput, { rewards: unknown }>;
type PpoOutput = Extract<RecipeOutput, { ppo: unknown }>;

/** Held-out loss is measured this often, in steps, where rows are held out and the recipe does not say. */
const standardEvaluate = 100;

/** Fills in every default and writes every shorthand out. Resolving a resolved recipe changes nothing. */
export async function resolveRecipe({ recipe }: Pick<LoadedRecipe, 'recipe'>): Promise<ResolvedRecipe> {
  const [{ methodNamed }, { optimizerKeys, scheduleKeys }, { resolvedReward }, { hashOfMethod }, { rollout }] =
    await Promise.all([
      import('./schema.ts'),
      import('./keys-optimization.ts'),
      import('./resolved-reward.ts'),
      import('./hash-of-method.ts'),
      import('./keys-rollout.ts'),
    ]);
  const { schema, defaults } = methodNamed(recipe.method)!;
  const parsed: RecipeOutput & Partial<Pick<RolloutOutput, 'rewards'> & Pick<PpoOutput, 'ppo'>> = schema.parse(recipe);
  const { optimizer, schedule, steps, epochs, lora, data, every, forgetting, rewards, ppo, ...rest } = parsed;
  const { template, ...rows } = data;
  return {
    ...rest,
    ...('keys' in rest ? hashOfMethod(rest) : {}),
    ...('distill' in rest && rest.distill.onPolicy > 0 ? { rollout: rest.rollout ?? rollout.parse({}) } : {}),
    ...(lora === undefined ? {} : { lora: { ...lora, alpha: lora.alpha ?? 2 * lora.rank } }),
    ...(ppo === undefined ? {} : { ppo: { ...ppo, criticLr: ppo.criticLr ?? parsed.lr } }),
    ...(rewards === undefined ? {} : { rewards: await Promise.all(rewards.map(resolvedReward)) }),
    ...('train' in defaults ? { train: ('train' in rest ? rest.train : undefined) ?? defaults.train } : {}),
    data: {
      ...rows,
      train: typeof rows.train === 'string' ? [{ path: rows.train, weight: 1 }] : rows.train,
      packing: rows.packing ?? defaults.packing,
      ...(template === undefined ? {} : { template }),
    },
    optimizer: written(
      optimizerKeys.parse(typeof optimizer === 'string' ? { kind: optimizer } : optimizer),
      'adamw',
    ) as ResolvedOptimizer,
    schedule: written(
      scheduleKeys.parse(typeof schedule === 'string' ? { kind: schedule } : schedule),
      'cosine',
    ) as ResolvedSchedule,
    ...(steps === undefined ? { epochs: epochs ?? 1 } : { steps }),
    forgetting:
      'forgetting' in defaults
        ? defaults.forgetting
        : typeof forgetting === 'string' && forgetting !== 'auto'
          ? { text: forgetting }
          : forgetting,
    every: { ...every, evaluate: rows.validation === false ? false : (every.evaluate ?? standardEvaluate) },
  };
}

/** A mapping whose kind may have been left out, with its kind in front. */
function written(keys: object | string, kind: string): unknown {
  return { kind, ...(keys as object) };
}
