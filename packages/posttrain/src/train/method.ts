import type { StepSource } from '../data/types.ts';
import type { ResolvedRecipe } from '../runs/recipe/resolved-recipe.ts';
import type { Objective } from './objective.ts';

/** What a method gets to work with, once rows are read and the model is loaded. */
export interface MethodSetup {
  readonly recipe: ResolvedRecipe;
  /** The recipe's rows as the data module batches them. */
  readonly rows: StepSource;
}

/** A named algorithm: where batches come from, and what is minimised on them. */
export interface Method {
  readonly name: string;
  readonly papers: readonly string[];
  source(setup: MethodSetup): StepSource;
  objective(setup: MethodSetup): Objective;
}
