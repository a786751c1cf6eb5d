import { join } from 'node:path';
import type { ModelDimensions } from '../models/causal-lm.ts';
import { familyFor } from '../models/families/index.ts';
import { baseFolder, readModelJson, resolveModelFolder } from '../models/model-folder.ts';
import { settlePrecision } from '../models/precision.ts';
import type { ResolvedRecipe } from '../runs/index.ts';
import { type MemoryPlan, planMemory } from './memory-plan.ts';
import { settleMicroBatch } from './settle.ts';
import { settleMaxTokens } from './training-rows.ts';

export interface MemoryEstimate extends MemoryPlan {
  readonly precision: 'fp32' | 'bf16';
  /** Packs of one pass, and the tokens that each is taken to have. */
  readonly microBatch: number;
  readonly longestPack: number;
}

/**
 * What a run of this recipe needs on this machine, known from config.json alone: at most, as every row is taken to have `data.maxTokens` tokens,
 * and adapters to stand beside all linear maps.
 * @throws file-missing where the model, the teacher or the critic is not here
 */
export function estimateMemory(recipe: ResolvedRecipe): MemoryEstimate {
  const dimensions = dimensionsOf(recipe.model);
  const stored = recipe.distill?.teacher;
  const critic = recipe.ppo?.critic;
  const model = {
    dimensions,
    trained: recipe.lora ? adapterNumbers(dimensions, recipe.lora.rank) : undefined,
    teacher: stored === undefined ? undefined : dimensionsOf(stored),
    critic: critic === undefined ? undefined : dimensionsOf(critic === 'policy' ? recipe.model : critic),
  };
  const longestPack = settleMaxTokens(recipe.data.maxTokens, dimensions.context);
  const precision = settlePrecision(recipe.precision, dimensions);
  const microBatch = settleMicroBatch(recipe, model, { precision, longestPack });
  const pass = { precision, microBatch, longestPack };
  return { ...planMemory(recipe, model, pass), ...pass };
}

function dimensionsOf(name: string): ModelDimensions {
  const folder = baseFolder(resolveModelFolder(name));
  const config = readModelJson(folder, 'config.json');
  const file = join(folder, 'config.json');
  return familyFor(config['model_type'], file).dimensions(config, file);
}

/** A and B beside every linear map of the blocks. */
function adapterNumbers({ width, layers, heads, kvHeads, headWidth, inner }: ModelDimensions, rank: number): number {
  const [mixed, keys] = [heads * headWidth, kvHeads * headWidth];
  return rank * layers * (2 * (width + mixed) + 2 * (width + keys) + 3 * (width + inner));
}
