import type { CausalLm } from '../models/causal-lm.ts';
import { forwardOnly, PackedAttention } from '../nn/index.ts';
import { scope, type Tensor } from '../tensor/index.ts';
import type { Batch } from './objective.ts';

/** A frozen model whose distributions are learnt from: called with a micro-batch, it gives them chunk by chunk. */
export type Teacher = (batch: Batch) => TeacherLogits;

/** Unnormalised log-probabilities at `count` targets from `start` on, float32 [count, V], without gradient. */
export type TeacherLogits = (start: number, count: number) => Tensor;

/**
 * A teacher in memory. It runs over a micro-batch once; what is kept is the normed state before each target, [M, D], from which each
 * chunk's logits are made when they are asked for. Called in the scope of the micro-batch.
 */
export function liveTeacher(model: CausalLm): Teacher {
  return ({ tokens, lengths, predictors }) => {
    const states = scope(() => {
      using attention = new PackedAttention(lengths, tokens.device);
      return forwardOnly(() => model.call(tokens, attention).indexSelect(0, predictors));
    });
    return (start, count) => scope(() => forwardOnly(() => model.logits(states.narrow(0, start, count))));
  };
}
