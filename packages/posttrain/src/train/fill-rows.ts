import type { Decoder } from '../models/decoder.ts';
import { roundRows } from '../nn/index.ts';
import { cat, type Tensor, zeros } from '../tensor/index.ts';

/**
 * The tokens of a batch as a model is run on them: in bf16 a last row of zeros rounds their number up (`roundRows`). No
 * other row sees it, and it has no target: its gradients are zeros.
 * @param tokens int64 [N]   @param lengths of the rows, which sum to N
 */
export function fillRows(
  model: Decoder,
  { tokens, lengths }: { readonly tokens: Tensor; readonly lengths: readonly number[] },
): { tokens: Tensor; lengths: readonly number[] } {
  if (model.inputEmbedding?.weight.dtype !== 'bfloat16') return { tokens, lengths };
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const fill = roundRows(total) - total;
  if (fill === 0) return { tokens, lengths };
  return {
    tokens: cat([tokens, zeros([fill], { dtype: 'int64', device: tokens.device })]),
    lengths: [...lengths, fill],
  };
}
