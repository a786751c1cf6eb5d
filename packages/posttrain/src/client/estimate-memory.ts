import type { ResolvedRecipe } from '../runs/index.ts';
import type { MemoryEstimate } from '../train/estimate-memory.ts';

export type { MemoryEstimate };

/**
 * What a run of this recipe needs on this machine, in bytes, known from config.json alone: at most, as every row is taken to have
 * `data.maxTokens` tokens, and adapters to stand beside all linear maps. The event `start` of a run has the plan for its rows.
 * @throws file-missing where the model, or the teacher, is not here
 */
export async function estimateMemory(recipe: ResolvedRecipe): Promise<MemoryEstimate> {
  const training = await import('../train/estimate-memory.ts');
  return training.estimateMemory(recipe);
}
