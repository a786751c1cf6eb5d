import { addon } from '../../native/binding.ts';
import { kernelOn } from '../../native/kernel-switch.ts';
import { noGrad, scope, searchsorted, type Tensor, tensor, toArray } from '../../tensor/index.ts';

/** How the next token is chosen. Filters apply in the order of the fields, as in transformers. */
export interface Sampling {
  /** 0 is greedy: the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens; 0 is all. Tokens as likely as the k-th stay. */
  readonly topK?: number | undefined;
  /**
   * The smallest set of likeliest tokens whose probabilities reach p (Holtzman et al. 2020, arXiv:1904.09751), to within
   * 1e-6. Tokens as likely as its last stay.
   */
  readonly topP?: number | undefined;
  /** Only tokens at least this share as likely as the likeliest (Nguyen et al. 2024, arXiv:2407.01082). */
  readonly minP?: number | undefined;
}

export interface Sampled {
  readonly tokens: Int32Array;
  /**
   * Log-probability of each token, in nats, at the temperature and among what the filters leave: what it was drawn with.
   * At temperature 0, where the choice is certain, of the plain softmax.
   */
  readonly logps: Float32Array;
}

/** A cumulated probability, a sum of float32, has reached a share when this little is missing. */
const rounding = 1e-6;

/**
 * The next token of each row, from the first rows of float32 logits [rows or more, V]. `uniform` holds one number in
 * [0, 1) per row, which is looked up in the cumulated probabilities in vocabulary order: a row's choice depends on its
 * own random stream alone, never on the batch it stands in. A NaN among a row's logits makes its log-probability NaN.
 */
export function sampleTokens(logits: Tensor, sampling: Sampling, uniform: readonly number[]): Sampled {
  return kernelOn('sampler') && logits.device === 'cpu'
    ? sampleFused(logits, sampling, uniform)
    : samplePlainly(logits, sampling, uniform);
}

/** By the kernel. */
export function sampleFused(
  logits: Tensor,
  { temperature, topK, topP, minP }: Sampling,
  uniform: readonly number[],
): Sampled {
  const tokens = new Int32Array(uniform.length);
  const logps = new Float32Array(uniform.length);
  const k = topK || Number.MAX_SAFE_INTEGER;
  addon().sampleRows(logits.alive(), temperature, k, topP ?? 1, minP ?? 0, Float64Array.from(uniform), tokens, logps);
  return { tokens, logps };
}

/** What the kernel computes, in ATen's operators. */
export function samplePlainly(logits: Tensor, sampling: Sampling, uniform: readonly number[]): Sampled {
  const { tokens, logps } = scope(() =>
    noGrad(() => {
      const rows = logits.narrow(0, 0, uniform.length);
      const greedy = sampling.temperature === 0;
      const scaled = greedy ? rows : rows.div(sampling.temperature);
      const left = greedy ? scaled : scaled.maskedFill(scaled.lt(thresholds(scaled, sampling)), -Infinity);
      const chosen = greedy ? rows.argmax(-1) : drawn(left.softmax(-1), uniform);
      return { tokens: chosen, logps: left.logSoftmax(-1).gather(1, chosen.unsqueeze(1)).squeeze(1) };
    }),
  );
  using _tokens = tokens;
  using _logps = logps;
  return { tokens: Int32Array.from(toArray(tokens)), logps: Float32Array.from(toArray(logps)) };
}

/** The smallest logit of each row that the filters let through, [B, 1]. Each filter sees what the one before left. */
function thresholds(scaled: Tensor, { topK, topP, minP }: Sampling): Tensor {
  const vocabulary = scaled.shape[1]!;
  if (!topK && topP === undefined && !minP) return scaled.amin([1], true);
  const [sorted] = scaled.sort(-1, true);
  let least = sorted.narrow(1, Math.min(topK || vocabulary, vocabulary) - 1, 1);
  if (topP !== undefined && topP < 1) {
    const probabilities = sorted.maskedFill(sorted.lt(least), -Infinity).softmax(-1);
    const before = probabilities.cumsum(-1).sub(probabilities);
    least = least.maximum(sorted.maskedFill(before.ge(topP - rounding), Infinity).amin([1], true));
  }
  if (minP) least = least.maximum(sorted.narrow(1, 0, 1).add(Math.log(minP)));
  return least;
}

/** Inverse of the cumulative distribution at each row's number: the first token whose cumulated probability exceeds it. */
function drawn(probabilities: Tensor, uniform: readonly number[]): Tensor {
  const cumulated = probabilities.cumsum(-1);
  const total = cumulated.narrow(1, -1, 1); // not quite 1 in float32
  const target = tensor(uniform, { shape: [uniform.length, 1], device: probabilities.device }).mul(total);
  const chosen = searchsorted(cumulated, target, false, true).squeeze(1);
  return chosen.clamp(0, probabilities.shape[1]! - 1);
}
