import type { TokenRow } from '../data/types.ts';
import type { CausalLm } from '../models/causal-lm.ts';
import { forwardOnly, PackedAttention } from '../nn/index.ts';
import { scope, type Tensor } from '../tensor/index.ts';
import { makeBatch } from './batch.ts';
import type { Batch } from './objective.ts';

/** A frozen model whose distributions are learnt from: called with a micro-batch, it gives them chunk by chunk. */
export type Teacher = (batch: Batch) => TeacherLogits;

/** Unnormalised log-probabilities at `count` targets from `start` on, float32 [count, V], without gradient. */
export type TeacherLogits = (start: number, count: number) => Tensor;

/**
 * A teacher in memory. It runs over a micro-batch once; what is kept is the normed state before each target, [M, D], from which each
 * chunk's logits are made when they are asked for. Called in the scope of the micro-batch.
 * @param privileged what it reads in place of each row, if that is another
 */
export function liveTeacher(model: CausalLm, privileged?: ReadonlyMap<TokenRow, TokenRow>): Teacher {
  return (batch) => {
    const states = scope(() => {
      const { tokens, lengths, predictors } = privileged ? inPlaceOf(batch, privileged) : batch;
      using attention = new PackedAttention(lengths, tokens.device);
      return forwardOnly(() => model.call(tokens, attention).indexSelect(0, predictors));
    });
    return (start, count) => scope(() => forwardOnly(() => model.logits(states.narrow(0, start, count))));
  };
}

/** The same targets behind other prompts. */
function inPlaceOf({ rows, targets }: Batch, privileged: ReadonlyMap<TokenRow, TokenRow>): Batch {
  const batch = makeBatch(
    rows.map(({ row }) => [privileged.get(row)!]),
    targets.device,
  );
  if (batch.targets.equal(targets)) return batch;
  throw new TypeError('a privileged row has the targets of its own row');
}
