import type { Recipe, ResolvedRecipe } from '../runs/index.ts';
import type { SweepPoint } from './sweep.ts';

/** An arm that is trained, at every point of its sweep. */
export interface TrainedArm {
  readonly name: string;
  readonly kind: 'trained';
  readonly method: Recipe['method'];
  readonly model: string;
  /** Dotted keys that are swept. */
  readonly swept: readonly string[];
  readonly points: readonly ArmPoint[];
  /** The seed that the recipe itself names; it does not count. */
  readonly ownSeed: number | null;
}

export interface ArmPoint extends Pick<SweepPoint, 'name' | 'values'> {
  /** As written, with absolute paths. */
  readonly recipe: Recipe;
  readonly resolved: ResolvedRecipe;
}

/** A model as it is. */
export interface ControlArm {
  readonly name: string;
  readonly kind: 'control';
  readonly model: string;
}

export type ResolvedArm = TrainedArm | ControlArm;
