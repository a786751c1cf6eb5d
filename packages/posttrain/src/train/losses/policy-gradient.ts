import { stack, type Tensor, tensor } from '../../tensor/index.ts';

/** The answers of a batch: how many of the M tokens, which follow each other, belong to each. */
export type TokenCounts = readonly number[];

export interface PolicyOptions {
  /**
   * What a probability ratio is taken of: each token; the geometric mean of an answer's tokens (GSPO); or the answer as a whole (RLOO).
   */
  readonly ratio: 'token' | 'sequence' | 'product';
  /** Beyond the clip a ratio earns no more, or it weighs the gradient by at most 1 + clipHigh. */
  readonly surrogate: 'clip' | 'cispo';
  readonly clipLow: number;
  readonly clipHigh: number;
}

export interface PolicyTerms {
  /** One term a token, float32 [M]. */
  readonly terms: Tensor;
  /** Ratios, [M], without gradient; the same for all tokens of an answer where they are of answers. */
  readonly ratios: Tensor;
}

/**
 * The policy gradient's surrogate, one term a token, from the ratio r = π/π_old:
 *
 *   clip    −min(r A, clip(r, 1−ε_low, 1+ε_high) A)      Schulman et al. 2017, arXiv:1707.06347, eq. 7; two bounds: DAPO, arXiv:2503.14476, eq. 8
 *   cispo   −sg[min(r, 1+ε_high)] A log π                MiniMax 2025, arXiv:2506.13585, eq. 4, whose lower bound is off
 *
 *   token      r of each token                            GRPO, Shao et al. 2024, arXiv:2402.03300, eq. 3
 *   sequence   r = exp(mean of log π/π_old)               GSPO, Zheng et al. 2025, arXiv:2507.18071, eq. 7
 *   product    r = exp(sum of log π/π_old)                the answer as one action: RLOO, Ahmadian et al. 2024, arXiv:2402.14740, §3
 *
 * @param logp log π of the tokens, [M], in nats   @param old log π_old, [M]   @param advantages A, [M]
 */
export function policyTerms(
  logp: Tensor,
  old: Tensor,
  advantages: Tensor,
  counts: TokenCounts,
  { ratio, surrogate, clipLow, clipHigh }: PolicyOptions,
): PolicyTerms {
  const changes = logp.sub(old);
  const ratios = (ratio === 'token' ? changes : byAnswer(changes, counts, ratio === 'sequence')).exp();
  if (surrogate === 'cispo') {
    const weights = ratios.detach().clamp(0, 1 + clipHigh);
    return { terms: weights.mul(advantages).mul(logp).neg(), ratios: ratios.detach() };
  }
  const clipped = ratios.clamp(1 - clipLow, 1 + clipHigh);
  return { terms: ratios.mul(advantages).minimum(clipped.mul(advantages)).neg(), ratios: ratios.detach() };
}

/** The sum or the mean of each answer's values, at all of its tokens: [M] → [M]. */
function byAnswer(values: Tensor, counts: TokenCounts, mean: boolean): Tensor {
  let start = 0;
  const answers = counts.map((count) => {
    const sum = values.narrow(0, start, count).sumAll();
    start += count;
    return mean ? sum.div(count) : sum;
  });
  const owner = counts.flatMap((count, answer) => Array.from({ length: count }, () => answer));
  return stack(answers).indexSelect(0, tensor(owner, { dtype: 'int64', device: values.device }));
}
