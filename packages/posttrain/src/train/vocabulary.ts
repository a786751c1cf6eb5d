import type { CausalLm } from '../models/causal-lm.ts';
import { noGrad, scope, type Tensor } from '../tensor/index.ts';
import type { Batch, Objective } from './objective.ts';

/** Rows of logits that exist at once. Fewer cost more in repeated sums of the head's gradient than they save in memory. */
export const chunkRows = 2048;

/**
 * Loss and gradient through the vocabulary projection, chunk by chunk: logits → log-probabilities of the targets →
 * objective → back, so that at most [chunkRows, V] logits exist. Hidden states that predict no target never meet the head.
 *
 * @param hidden normed states, float32 [N, D]; a leaf, whose `grad` receives d(sum · scale)/d(hidden).
 * @param scale what every gradient is multiplied by: 1 / the weight of the whole step.
 * @returns the unscaled sum, in nats.
 */
export function backwardThroughHead(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: Objective,
  scale: number,
): number {
  let sum = 0;
  for (const [start, length] of chunksOf(batch)) {
    sum += scope(() => {
      const weights = batch.weights.narrow(0, start, length);
      const logp = targetLogps(model, hidden, batch, start, length);
      const leaf = logp.detach();
      leaf.requiresGrad = true;
      const loss = objective.sum({ logp: leaf, weights });
      loss.mul(scale).backward();
      logp.backward(leaf.grad!);
      return loss.item();
    });
  }
  return sum;
}

/** The objective's sum without gradients. */
export function sumThroughHead(model: CausalLm, hidden: Tensor, batch: Batch, objective: Objective): number {
  let sum = 0;
  for (const [start, length] of chunksOf(batch)) {
    sum += scope(() =>
      noGrad(() => {
        const logp = targetLogps(model, hidden, batch, start, length);
        return objective.sum({ logp, weights: batch.weights.narrow(0, start, length) }).item();
      }),
    );
  }
  return sum;
}

function* chunksOf({ targets }: Batch): Generator<[start: number, length: number]> {
  const total = targets.count;
  for (let start = 0; start < total; start += chunkRows) yield [start, Math.min(chunkRows, total - start)];
}

/** log softmax of the logits at each target: float32 [m], in nats. */
function targetLogps(model: CausalLm, hidden: Tensor, batch: Batch, start: number, length: number): Tensor {
  const states = hidden.indexSelect(0, batch.predictors.narrow(0, start, length));
  return model.targetLogps(states, batch.targets.narrow(0, start, length));
}
