import type { CausalLm } from '../models/causal-lm.ts';
import { noGrad, scope, type Tensor } from '../tensor/index.ts';
import { type HeadResult, JoinedMetrics, leafOf } from './head-result.ts';
import type { Batch, LogitChunk, LogitObjective } from './objective.ts';
import { chunksOf } from './target-quantities.ts';

/**
 * Rows of logits that exist at once where whole distributions are compared, which keeps several matrices of a chunk's size: the
 * teacher's logits, and what the loss needs again.
 */
export const logitRows = 512;

/** Loss and gradient through the vocabulary projection, chunk by chunk: logits → objective → back. See `backwardThroughHead`. */
export function backwardThroughLogits(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: LogitObjective,
  scale: number,
): HeadResult {
  return overLogits(model, hidden, batch, (chunk) => {
    const leaf = leafOf(chunk.logits);
    const { sum, metrics } = objective.loss({ ...chunk, logits: leaf });
    sum.mul(scale).backward();
    chunk.logits.backward(leaf.grad!);
    return { sum: sum.item(), metrics };
  });
}

/** The objective's sum without gradients. */
export function sumThroughLogits(model: CausalLm, hidden: Tensor, batch: Batch, objective: LogitObjective): HeadResult {
  return noGrad(() =>
    overLogits(model, hidden, batch, (chunk) => {
      const { sum, metrics } = objective.loss(chunk);
      return { sum: sum.item(), metrics };
    }),
  );
}

/** Calls `body` with the logits of one chunk at a time, and adds up what it finds. */
function overLogits(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  body: (chunk: LogitChunk) => HeadResult,
): HeadResult {
  let sum = 0;
  const metrics = new JoinedMetrics();
  for (const [start, count] of chunksOf(batch, logitRows)) {
    const found = scope(() => {
      const of = (values: Tensor) => values.narrow(0, start, count);
      const logits = model.logits(hidden.indexSelect(0, of(batch.predictors)));
      return body({ start, count, logits, targets: of(batch.targets), weights: of(batch.weights) });
    });
    sum += found.sum;
    metrics.add(found.metrics);
  }
  return { sum, metrics: metrics.all };
}
