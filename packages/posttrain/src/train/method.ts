import type { ModelDimensions } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import type { LoadedModel, LoadOptions } from '../models/load.ts';
import type { ResolvedRecipe } from '../runs/recipe/resolved-recipe.ts';
import type { Objective, ScoreObjective } from './objective.ts';
import type { Reference } from './objectives/pair-logps.ts';
import type { PreparedTeacher } from './prepare-teacher.ts';
import type { RowHooks, TrainingRows } from './training-rows.ts';

/** A frozen model that is loaded for a run. */
export interface TeacherChoice {
  readonly model: string;
  readonly precision: 'auto' | 'fp32' | 'bf16';
}

/** A file that keeps what a teacher said, so that it need not stay in memory, or come again. */
export interface StoreChoice {
  readonly path: string;
  /** Tokens kept at each target. */
  readonly k: number;
  readonly temperature: number;
  readonly teacher: string | undefined;
  /** What the teacher reads in front of each prompt. */
  readonly context: string | undefined;
}

/** A value model that is trained beside the policy. */
export interface CriticChoice {
  /** A reward model or a language model; null: the model that is trained. */
  readonly start: string | null;
  readonly lr: number;
}

/** What an objective compares the model with; null where the method has said that it needs none, and where a stop was requested first. */
export interface Compared {
  /** Log-probabilities of the model before the run. */
  readonly reference: Reference | null;
  readonly teacher: PreparedTeacher | null;
}

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
  /** The model that is learnt from, where there is one; it need not be loaded where it was stored before. */
  readonly teacher?: {
    of(recipe: ResolvedRecipe): TeacherChoice | null;
    /** The recipe with what `auto` means for a teacher of this size. */
    settled(recipe: ResolvedRecipe, dimensions: ModelDimensions): ResolvedRecipe;
    /** Where what it says is kept, if it is. */
    store(recipe: ResolvedRecipe): StoreChoice | null;
  };
  /** The value model, where there is one: it learns from the rows that the policy learns from. */
  readonly critic?: {
    of(recipe: ResolvedRecipe): CriticChoice;
    objective(recipe: ResolvedRecipe): ScoreObjective;
  };
  objective(recipe: ResolvedRecipe, compared: Compared): Objective;
}
