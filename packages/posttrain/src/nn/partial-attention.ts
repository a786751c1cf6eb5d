import { arange, attendKernel, flashAttentionForCpu, type Tensor, tensor } from '../tensor/index.ts';
import { repeatHeads } from './attention.ts';
import { kernelFits } from './kernel-choice.ts';

/** Softmax attention over some of the keys that a query may see, and what joins it with attention over the others. */
export interface PartialAttention {
  readonly out: Tensor; //            [B, T, H, Dh]
  /** Logarithm of each softmax's denominator, Σ exp(q·k/√Dh). */
  readonly logTotal: Tensor; //       float32 [B, T, H]
}

/**
 * Attention of query [B, T, H, Dh] over key and value [B, S, K, Dh], K dividing H; `causal` lets token t see keys 0 to t.
 * On the CPU by libtorch's own kernel, elsewhere by the definition. Has no gradient.
 */
export function attendPart(query: Tensor, key: Tensor, value: Tensor, causal: boolean): PartialAttention {
  if (query.device !== 'cpu') return defineAttendPart(query, key, value, causal);
  const [out, logTotal] = flashAttentionForCpu(
    query.transpose(1, 2),
    key.transpose(1, 2),
    value.transpose(1, 2),
    0,
    causal,
  );
  return { out: out.transpose(1, 2), logTotal: logTotal.transpose(1, 2) };
}

/** The same, written out. */
export function defineAttendPart(query: Tensor, key: Tensor, value: Tensor, causal: boolean): PartialAttention {
  const [, length, heads, width] = query.shape as [number, number, number, number];
  const perHead = (x: Tensor) => repeatHeads(x.transpose(1, 2), heads).toDtype('float32');
  let scores = perHead(query).matmul(perHead(key).transpose(2, 3)).div(Math.sqrt(width)); // [B, H, T, S]
  if (causal) {
    const place = arange(0, length, { dtype: 'int64', device: query.device });
    scores = scores.maskedFill(place.unsqueeze(0).gt(place.unsqueeze(1)), Number.NEGATIVE_INFINITY);
  }
  const out = scores.softmax(-1).matmul(perHead(value)).toDtype(query.dtype);
  return { out: out.transpose(1, 2), logTotal: scores.logsumexp([-1]).transpose(1, 2) };
}

/**
 * By the addon's kernel, tokens in a line without padding: query [N, H, Dh] over key and value [S, K, Dh] → out [N, H, Dh], logTotal [N, H].
 * Undefined where the kernel does not fit. Has no gradient.
 * @param documents where each begins and the last ends, int64 [documents + 1]: a token sees its own document's past; without, all keys
 */
export function fusedAttendPart(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  documents?: Tensor,
): PartialAttention | undefined {
  if (!kernelFits('attention', query)) return undefined;
  const whole = ({ shape }: Tensor) => documents ?? tensor([0, shape[0]!], { dtype: 'int64' });
  const scale = 1 / Math.sqrt(query.shape[2]!);
  const [out, logTotal] = attendKernel(query, key, value, whole(query), whole(key), documents !== undefined, scale);
  return { out, logTotal };
}

/**
 * Attention over two disjoint sets of keys as one, into `into`: its results move to the other's by the share of the common
 * denominator that the other holds.
 */
export function joinPart(into: PartialAttention, other: PartialAttention): void {
  const share = other.logTotal.sub(into.logTotal).sigmoid().unsqueeze(-1);
  into.out.lerpBy_(other.out, share.toDtype(into.out.dtype));
  into.logTotal.copy_(into.logTotal.logaddexp(other.logTotal));
}
