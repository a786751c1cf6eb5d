import type { Tensor } from '../../tensor/index.ts';

export interface ValueLosses {
  /** One term a token, [M]. */
  readonly terms: Tensor;
  /** Where the clipped error is the larger one, so that no gradient is left: booleans, [M]. */
  readonly clipped: Tensor;
}

/**
 * Half the squared error of a critic. With a clip the value is also held within `clip` of what it was when answers were drawn, and the
 * larger error counts:
 *
 *   ½ max((V − R)², (V_old + clip(V − V_old, −ε, ε) − R)²)
 *
 * Schulman et al. 2017, arXiv:1707.06347, eq. 9, whose clip is in the code of its authors (Huang et al. 2022, "37 implementation details", 9).
 * @param values V, [M], in the unit of rewards   @param old V_old, [M]   @param returns R, [M]   @param clip ε; false: none
 */
export function valueLosses(values: Tensor, old: Tensor, returns: Tensor, clip: number | false): ValueLosses {
  const free = values.sub(returns).square();
  if (clip === false) return { terms: free.mul(0.5), clipped: free.detach().lt(0) };
  const held = old.add(values.sub(old).clamp(-clip, clip)).sub(returns).square();
  return { terms: free.maximum(held).mul(0.5), clipped: held.detach().gt(free.detach()) };
}
