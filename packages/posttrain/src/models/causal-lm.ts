import { logpsOf } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { HeadedDecoder } from './decoder.ts';
import type { DecoderParts } from './decoder-parts.ts';

export type { Block, BlockContext, ModelDimensions } from './decoder.ts';

/** A decoder that predicts the next token. */
export abstract class CausalLm extends HeadedDecoder {
  /** Unnormalised log-probabilities of normed states: [M, D] → float32 [M, V]. */
  abstract logits(hidden: Tensor): Tensor;
  /**
   * Log-probabilities of `targets` (int64 [M]) after normed states, of logits divided by `temperature`: [M, D] → float32 [M], in nats.
   * Backward can run once.
   */
  targetLogps(hidden: Tensor, targets: Tensor, temperature = 1): Tensor {
    const logits = this.logits(hidden);
    return logpsOf(temperature === 1 ? logits : logits.div(temperature), targets);
  }

  /** The parts by their role, where the family is of the kind that `DecoderParts` describes: then generation is fused. */
  get decoderParts(): DecoderParts | null {
    return null;
  }
}
