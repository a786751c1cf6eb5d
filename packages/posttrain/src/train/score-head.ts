import { lastIndices, type RewardModel } from '../models/reward-model.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import { type HeadResult, leafOf } from './head-result.ts';
import type { Batch, ScoreObjective } from './objective.ts';

/** Loss and gradient through the score head of a reward model or a critic; parameters as in `backwardThroughVocabulary`. */
export function backwardThroughScores(
  model: RewardModel,
  hidden: Tensor,
  batch: Batch,
  objective: ScoreObjective,
  scale: number,
): HeadResult {
  const scores = scoresOf(model, hidden, batch, objective);
  const leaf = leafOf(scores);
  const { sum, ...watched } = objective.loss(leaf, batch);
  sum.mul(scale).backward();
  scores.backward(leaf.grad!);
  return { sum: sum.item(), ...watched };
}

/** The objective's sum without gradients. */
export function sumThroughScores(
  model: RewardModel,
  hidden: Tensor,
  batch: Batch,
  objective: ScoreObjective,
): HeadResult {
  return noGrad(() => {
    const { sum, ...watched } = objective.loss(scoresOf(model, hidden, batch, objective), batch);
    return { sum: sum.item(), ...watched };
  });
}

/** At the end of each row, or before each target: the state that predicts it. */
function scoresOf(model: RewardModel, hidden: Tensor, { rows, predictors }: Batch, { needs }: ScoreObjective): Tensor {
  if (needs === 'values') return model.scores(hidden, predictors);
  const last = lastIndices(
    rows.map(({ row }) => row.tokens),
    model.pad,
    hidden.device,
  );
  return model.scores(hidden, last);
}
