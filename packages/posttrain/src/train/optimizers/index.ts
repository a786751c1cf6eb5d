import type { ResolvedOptimizer } from '../../runs/recipe/resolved-recipe.ts';
import { AdamW } from './adamw.ts';
import { Muon } from './muon.ts';
import type { OptimizedParameters, Optimizer } from './optimizer.ts';

export { AdamW, type AdamWOptions } from './adamw.ts';
export { Muon, type MuonOptions } from './muon.ts';
export type { OptimizedParameters, Optimizer } from './optimizer.ts';

/** The optimizer a recipe asks for. */
export function makeOptimizer(parameters: OptimizedParameters, options: ResolvedOptimizer): Optimizer {
  return options.kind === 'muon' ? new Muon(parameters, options) : new AdamW(parameters, options);
}
