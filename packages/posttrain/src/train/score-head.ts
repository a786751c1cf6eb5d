import { lastIndices, type RewardModel } from '../models/reward-model.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import { type HeadResult, leafOf } from './head-result.ts';
import type { Batch, ScoreObjective } from './objective.ts';

/** Loss and gradient through a reward model's score head; parameters as in `backwardThroughVocabulary`. */
export function backwardThroughScores(
  model: RewardModel,
  hidden: Tensor,
  batch: Batch,
  objective: ScoreObjective,
  scale: number,
): HeadResult {
  const scores = scoresOf(model, hidden, batch);
  const leaf = leafOf(scores);
  const { sum, metrics } = objective.loss(leaf, batch);
  sum.mul(scale).backward();
  scores.backward(leaf.grad!);
  return { sum: sum.item(), metrics };
}

/** The objective's sum without gradients. */
export function sumThroughScores(
  model: RewardModel,
  hidden: Tensor,
  batch: Batch,
  objective: ScoreObjective,
): HeadResult {
  return noGrad(() => {
    const { sum, metrics } = objective.loss(scoresOf(model, hidden, batch), batch);
    return { sum: sum.item(), metrics };
  });
}

function scoresOf(model: RewardModel, hidden: Tensor, { rows }: Batch): Tensor {
  const last = lastIndices(
    rows.map(({ row }) => row.tokens),
    model.pad,
    hidden.device,
  );
  return model.scores(hidden, last);
}
