import { Linear } from '../nn/index.ts';
import { noGrad, type Tensor, tensor } from '../tensor/index.ts';
import { type Decoder, HeadedDecoder } from './decoder.ts';

/**
 * A decoder that says how good a conversation is: one number, in a unit of its own, from the state at its last token
 * (Ouyang et al. 2022, arXiv:2203.02155, §3.5). Its keys are those of transformers' `…ForSequenceClassification`.
 */
export class RewardModel extends HeadedDecoder {
  model: Decoder;
  score: Linear; // [1, D], no bias
  /** Pads are passed over when a score is read; see `lastIndices`. */
  readonly pad: number | null;

  constructor(model: Decoder, pad: number | null) {
    super();
    this.model = model;
    this.pad = pad;
    this.score = new Linear(model.dimensions.width, 1);
  }

  /** Scores of rows whose states stand in one line: normed states [N, D], `last` int64 [R] → float32 [R]. */
  scores(hidden: Tensor, last: Tensor): Tensor {
    return scoresOf(hidden, this.score.weight, last);
  }

  /** A head that gives every row 0, as far as it was not trained. */
  zeroHead(): void {
    noGrad(() => this.score.weight.zero_());
  }
}

/**
 * r = w·h at the last token of each row, in float32 whatever the weight's type.
 * @param hidden normed states of all rows in one line, float32 [N, D]
 * @param weight of the head, [1, D]
 * @param last where each row's score is read, int64 [R]; `lastIndices` gives it
 * @returns float32 [R], in the model's own unit
 */
export function scoresOf(hidden: Tensor, weight: Tensor, last: Tensor): Tensor {
  return hidden.indexSelect(0, last).toDtype('float32').linear(weight.toDtype('float32')).squeeze(1);
}

/**
 * Where the score of each row is read, int64 [R], when rows stand one after the other: at its last token that is not `pad`,
 * which is how transformers finds the end of a padded row. Where the end of a turn is also the pad token, that is one token earlier.
 */
export function lastIndices(rows: readonly ArrayLike<number>[], pad: number | null, device = 'cpu'): Tensor {
  const indices: number[] = [];
  let start = 0;
  for (const row of rows) {
    let last = row.length - 1;
    while (last > 0 && row[last] === pad) last--;
    indices.push(start + last);
    start += row.length;
  }
  return tensor(indices, { dtype: 'int64', device });
}
