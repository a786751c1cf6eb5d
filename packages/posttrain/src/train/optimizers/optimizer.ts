import type { Tensor } from '../../tensor/index.ts';

/** Turns gradients into new weights, in place. Everything it remembers is in `state`, so that a run can be resumed. */
export interface Optimizer extends Disposable {
  /** `gradients` are float32, in the order of the parameters it was made for; `lr` is this step's rate. */
  step(gradients: readonly Tensor[], lr: number): void;
  /** Every tensor it remembers, by a name that says whose and what. The tensors themselves, not copies. */
  state(): Map<string, Tensor>;
  /** Steps taken so far. */
  steps: number;
}

/** What an optimizer is made for: float32 weights and their names. */
export interface OptimizedParameters {
  readonly names: readonly string[];
  readonly masters: readonly Tensor[];
}

/** Norms and biases are not decayed: they are vectors. */
export function isDecayed(parameter: Tensor): boolean {
  return parameter.shape.length > 1;
}
