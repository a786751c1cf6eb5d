import { searchsorted, type Tensor, tensor, toArray } from '../../tensor/index.ts';

/** How the next token is chosen. Filters apply in the order of the fields, as in transformers. */
export interface Sampling {
  /** 0 is greedy: the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens. */
  readonly topK?: number | undefined;
  /** The smallest set of likeliest tokens whose probabilities reach p (Holtzman et al. 2020, arXiv:1904.09751). */
  readonly topP?: number | undefined;
  /** Only tokens at least this share as likely as the likeliest (Nguyen et al. 2024, arXiv:2407.01082). */
  readonly minP?: number | undefined;
}

/**
 * The next token of each row, from logits [B, V]. `uniform` holds one number in [0, 1) per row, so that a row's
 * choice depends on its own random stream alone, never on the batch it stands in.
 */
export function sampleTokens(logits: Tensor, sampling: Sampling, uniform: readonly number[]): number[] {
  if (sampling.temperature === 0) return toArray(logits.argmax(-1));
  const scaled = logits.div(sampling.temperature);
  const filtered = sampling.topK !== undefined || sampling.topP !== undefined || sampling.minP !== undefined;
  if (!filtered) return toArray(drawn(scaled.softmax(-1), uniform));
  const [sorted, order] = scaled.sort(-1, true);
  const allowed = filterSorted(sorted, sampling);
  return toArray(
    order.gather(1, drawn(sorted.maskedFill(allowed.logicalNot(), -Infinity).softmax(-1), uniform).unsqueeze(1)),
  );
}

/** Which of the logits, sorted downwards [B, V], remain: bool [B, V]. Each filter sees what the one before left. */
function filterSorted(sorted: Tensor, { topK, topP, minP }: Sampling): Tensor {
  let left = sorted;
  if (topK !== undefined && topK < sorted.shape[1]!) {
    const threshold = sorted.narrow(1, topK - 1, 1);
    left = left.maskedFill(left.lt(threshold), -Infinity);
  }
  if (topP !== undefined && topP < 1) {
    const probabilities = left.softmax(-1);
    const before = probabilities.cumsum(-1).sub(probabilities);
    left = left.maskedFill(before.ge(topP), -Infinity);
  }
  if (minP !== undefined && minP > 0) {
    const probabilities = left.softmax(-1);
    left = left.maskedFill(probabilities.lt(probabilities.narrow(1, 0, 1).mul(minP)), -Infinity);
  }
  return left.gt(-Infinity);
}

/** Inverse of the cumulative distribution at each row's number: the first token whose cumulated probability exceeds it. */
function drawn(probabilities: Tensor, uniform: readonly number[]): Tensor {
  const cumulated = probabilities.cumsum(-1);
  const total = cumulated.narrow(1, -1, 1); // not quite 1 in float32
  const target = tensor(uniform, { shape: [uniform.length, 1], device: probabilities.device }).mul(total);
  const chosen = searchsorted(cumulated, target, false, true).squeeze(1);
  return chosen.clamp(0, probabilities.shape[1]! - 1);
}
