import { foreachMul_, type Tensor } from '../../tensor/index.ts';

/** Turns gradients into new weights, in place. Everything it remembers is in `state`, so that a run can be resumed. */
export interface Optimizer extends Disposable {
  /**
   * `gradients` are float32 or of the copies' type, in the order of the parameters it was made for, and may be overwritten;
   * `lr` is this step's rate, `scale` what every gradient is multiplied by. Copies follow their masters.
   */
  step(gradients: readonly Tensor[], lr: number, scale?: number): void;
  /** Every tensor it remembers, by a name that says whose and what. The tensors themselves, not copies. */
  state(): Map<string, Tensor>;
  /** Steps taken so far. */
  steps: number;
}

/** What an optimizer is made for: float32 weights and their names. */
export interface OptimizedParameters {
  readonly names: readonly string[];
  readonly masters: readonly Tensor[];
  /** What the model computes with: shorter copies that follow the masters, or the masters themselves, as by default. */
  readonly copies?: readonly Tensor[];
}

/** Gradients in float32, multiplied by `scale` in place where they are float32 already. */
export function scaledGradients(gradients: readonly Tensor[], scale: number): readonly Tensor[] {
  const wide = gradients.map((gradient) => gradient.toDtype('float32'));
  if (scale !== 1) foreachMul_(wide, scale);
  return wide;
}

/** Norms and biases are not decayed: they are vectors. */
export function isDecayed(parameter: Tensor): boolean {
  return parameter.shape.length > 1;
}
