import type { Pack } from '../../data/types.ts';
import { Random } from '../../support/random.ts';

/**
 * The packs of one optimizer step of a phase: each pass goes over all answers once, in an order of its own, in as many parts as there are
 * minibatches. The first part of the first pass keeps the order in which answers were drawn where it is the only one.
 */
export function minibatchOf(
  packs: readonly Pack[],
  update: number,
  { minibatches, seed, phase }: { readonly minibatches: number; readonly seed: number; readonly phase: number },
): readonly Pack[] {
  const pass = Math.floor(update / minibatches);
  const part = update % minibatches;
  const order = minibatches === 1 ? packs : Random.of(seed, 'minibatch', phase, pass).shuffle(packs);
  const border = (place: number) => Math.floor((place * packs.length) / minibatches);
  return order.slice(border(part), border(part + 1));
}
