import { CausalLm } from '../models/causal-lm.ts';
import type { Decoder } from '../models/decoder.ts';
import { RewardModel } from '../models/reward-model.ts';
import { scope, type Tensor } from '../tensor/index.ts';
import type { HeadResult } from './head-result.ts';
import { backwardThroughLogits, sumThroughLogits } from './logit-head.ts';
import type { Batch, HeadObjective } from './objective.ts';
import { backwardThroughScores, sumThroughScores } from './score-head.ts';
import { backwardThroughVocabulary, sumThroughVocabulary } from './vocabulary.ts';

/**
 * Loss and gradient from normed states through the head that the objective asks for.
 * @param hidden float32 [N, D]; a leaf, whose `grad` receives d(sum · scale)/d(hidden).
 * @param scale what every gradient is multiplied by: 1 / the weight of the whole step.
 */
export function backwardThroughHead(
  model: Decoder,
  hidden: Tensor,
  batch: Batch,
  objective: HeadObjective,
  scale: number,
): HeadResult {
  return scope(() => {
    switch (objective.needs) {
      case 'scores':
      case 'values':
        return backwardThroughScores(rewardModel(model), hidden, batch, objective, scale);
      case 'logits':
        return backwardThroughLogits(causalLm(model), hidden, batch, objective, scale);
      default:
        return backwardThroughVocabulary(causalLm(model), hidden, batch, objective, scale);
    }
  });
}

/** The objective's sum without gradients. */
export function sumThroughHead(model: Decoder, hidden: Tensor, batch: Batch, objective: HeadObjective): HeadResult {
  return scope(() => {
    switch (objective.needs) {
      case 'scores':
      case 'values':
        return sumThroughScores(rewardModel(model), hidden, batch, objective);
      case 'logits':
        return sumThroughLogits(causalLm(model), hidden, batch, objective);
      default:
        return sumThroughVocabulary(causalLm(model), hidden, batch, objective);
    }
  });
}

/** The model as one that predicts tokens. @throws TypeError where its head is another */
export function causalLm(model: Decoder): CausalLm {
  if (model instanceof CausalLm) return model;
  throw new TypeError('log-probabilities need a causal language model');
}

function rewardModel(model: Decoder): RewardModel {
  if (model instanceof RewardModel) return model;
  throw new TypeError('scores and values need a head that reads them');
}
