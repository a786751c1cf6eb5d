import type { StandardSchema } from '../support/standard-schema.ts';
import type { Objective, ScoreObjective } from './objective.ts';
import type { Reference } from './objectives/pair-logps.ts';

/** A method as its file defines it. Everything else is the run's: reading, rendering, packing, adapters, accumulation, checkpoints, metrics. */
export interface MethodDefinition<Keys> {
  /** What reports and errors call it. */
  readonly name: string;
  /** Such as `arXiv:2508.05629`. */
  readonly papers?: readonly string[];
  /**
   * What stands under `keys` in a recipe, with defaults. What it gives is written to resolved.json, so it is plain JSON that the schema accepts
   * again unchanged. Where left out, there are no keys.
   */
  readonly keys?: StandardSchema<Keys>;
  /**
   * What a row of the data is: a conversation or a text, whose targets follow from `train`; a pair, of whose answers one is chosen; or an
   * answer by itself that was called good or bad.
   */
  readonly rows: 'conversations' | 'pairs' | 'answers';
  /** Whether the objective compares with the model before the run, whose log-probabilities are then measured first. */
  readonly usesReference?: boolean | ((keys: Keys) => boolean);
  /** @param compared.reference Σ log p of a row under the model before the run; null where it is not used */
  objective(keys: Keys, compared: { readonly reference: Reference | null }): Exclude<Objective, ScoreObjective>;
}

/** A method whose keys were checked by its schema; only that knows their type. */
export type AnyMethodDefinition = MethodDefinition<never>;

/** Told apart from methods that were defined by another copy of this package, whose tensors are not ours. */
const defined = new WeakSet<object>();

/**
 * Defines a method in a file of its own, as its default export; a recipe names the file: `method: ./my-method.ts`.
 *
 * @example
 * export default defineMethod({
 *   name: 'plain',
 *   rows: 'conversations',
 *   objective: () => ({ ...crossEntropy, dropout: false }),
 * });
 */
export function defineMethod<Keys = Readonly<Record<string, never>>>(
  method: MethodDefinition<Keys>,
): MethodDefinition<Keys> {
  defined.add(method);
  return method;
}

export function isMethod(value: unknown): value is AnyMethodDefinition {
  return typeof value === 'object' && value !== null && defined.has(value);
}
