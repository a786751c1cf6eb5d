import type { CausalLm } from '../models/causal-lm.ts';
import { joinWeights } from '../models/join-weights.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import { Trainable } from './trainable.ts';

/** Prepares a float32 model for training. In bf16 it keeps short copies of its matrices, and the masters are set apart. */
export function makeTrainable(model: CausalLm, precision: 'fp32' | 'bf16'): Trainable {
  const masters = new Map<string, Tensor>();
  if (precision === 'bf16') {
    model.replaceParameters((name, current) => {
      if (current.shape.length === 1) return current;
      masters.set(name, current.detach().keep());
      return noGrad(() => current.toDtype('bfloat16'));
    });
    joinWeights(model);
  }
  return new Trainable(model, masters);
}
