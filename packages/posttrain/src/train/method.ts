import type { Decoder } from '../models/decoder.ts';
import type { LoadedModel, LoadOptions } from '../models/load.ts';
import type { ResolvedRecipe } from '../runs/recipe/resolved-recipe.ts';
import type { Objective } from './objective.ts';
import type { Reference } from './objectives/pair-logps.ts';
import type { RowHooks, TrainingRows } from './training-rows.ts';

/** A named algorithm: where batches come from, and what is minimised on them. */
export interface Method {
  readonly name: string;
  readonly papers: readonly string[];
  /** Opens the model to train, where that is no causal language model. @throws as `loadCausalLm` */
  load?(folder: string, options: LoadOptions, recipe: ResolvedRecipe): LoadedModel<Decoder>;
  /** Reads, renders and batches the rows of a recipe whose `maxTokens` is settled. */
  rows(recipe: ResolvedRecipe, modelFolder: string, hooks: RowHooks): Promise<TrainingRows>;
  /** Whether the objective compares the model with what it was before the run: its log-probabilities are then measured first. */
  usesReference(recipe: ResolvedRecipe): boolean;
  /** @param reference log-probabilities of the model before the run; null where `usesReference` says no */
  objective(recipe: ResolvedRecipe, reference: Reference | null): Objective;
}
