import type { CausalLm } from '../models/causal-lm.ts';
import { noGrad, scope, type Tensor, toArray } from '../tensor/index.ts';
import { type HeadResult, JoinedMetrics, leafOf } from './head-result.ts';
import type { Batch, BatchObjective, Metrics, TargetObjective } from './objective.ts';
import { allQuantities, chunksFor, chunksOf, type MeasuredTargets, quantitiesOf } from './target-quantities.ts';

/**
 * Loss and gradient through the vocabulary projection, chunk by chunk: logits → log-probabilities of the targets →
 * objective → back, so that at most [chunkRows, V] logits exist. Hidden states that predict no target never meet the head.
 * An objective that must see all log-probabilities first gets them in a pass of its own, where there is more than one chunk.
 *
 * @param hidden normed states, float32 [N, D]; a leaf, whose `grad` receives d(sum · scale)/d(hidden).
 * @param scale what every gradient is multiplied by: 1 / the weight of the whole step.
 */
export function backwardThroughVocabulary(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: TargetObjective | BatchObjective,
  scale: number,
): HeadResult {
  return objective.needs === 'each-logp'
    ? backwardByChunk(model, hidden, batch, objective, scale)
    : backwardTogether(model, hidden, batch, objective, scale);
}

function backwardByChunk(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: TargetObjective,
  scale: number,
): HeadResult {
  let sum = 0;
  const metrics = new JoinedMetrics();
  for (const [start, length] of chunksOf(batch)) {
    sum += scope(() => {
      const weights = batch.weights.narrow(0, start, length);
      const { logp } = quantitiesOf(model, hidden, batch, [start, length], objective);
      const leaf = leafOf(logp);
      const loss = objective.sum({ logp: leaf, weights });
      loss.mul(scale).backward();
      logp.backward(leaf.grad!);
      metrics.add(metricsOf(objective, { logp: leaf, weights }));
      return loss.item();
    });
  }
  return { sum, metrics: metrics.all };
}

/** Values of targets that each count by themselves. */
function metricsOf(objective: TargetObjective, quantities: Parameters<TargetObjective['sum']>[0]): Metrics {
  if (!objective.metrics) return {};
  const found = noGrad(() => objective.metrics!(quantities));
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, toArray(values.detach())]));
}

function backwardTogether(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: BatchObjective,
  scale: number,
): HeadResult {
  return scope(() => {
    const [only, ...others] = chunksFor(batch, objective);
    const one = only && others.length === 0 ? quantitiesOf(model, hidden, batch, only, objective) : undefined;
    const all = one ?? noGrad(() => allQuantities(model, hidden, batch, objective));
    const leaves = { logp: leafOf(all.logp), ...(all.entropy ? { entropy: leafOf(all.entropy) } : {}) };
    const { sum, ...watched } = objective.loss(leaves.logp, batch, leaves.entropy);
    sum.mul(scale).backward();
    if (one) backInto(one, leaves.logp.grad, leaves.entropy?.grad);
    else
      for (const chunk of [only!, ...others])
        scope(() => {
          const of = (gradient: Gradient) => gradient?.narrow(0, ...chunk);
          const quantities = quantitiesOf(model, hidden, batch, chunk, objective);
          backInto(quantities, of(leaves.logp.grad), of(leaves.entropy?.grad));
        });
    return { sum: sum.item(), ...watched };
  });
}

type Gradient = Tensor | null | undefined;

/** Both quantities come of the same logits, which are gone back through once. */
function backInto({ logp, entropy }: MeasuredTargets, ofLogp: Gradient, ofEntropy: Gradient): void {
  if (entropy && ofEntropy) {
    const weighted = entropy.mul(ofEntropy);
    (ofLogp ? weighted.add(logp.mul(ofLogp)) : weighted).sumAll().backward();
  } else if (ofLogp) logp.backward(ofLogp);
}

/** The objective's sum without gradients. */
export function sumThroughVocabulary(
  model: CausalLm,
  hidden: Tensor,
  batch: Batch,
  objective: TargetObjective | BatchObjective,
): HeadResult {
  return scope(() =>
    noGrad(() => {
      const { logp, entropy } = allQuantities(model, hidden, batch, objective);
      if (objective.needs === 'each-logp') {
        const quantities = { logp, weights: batch.weights };
        return { sum: objective.sum(quantities).item(), metrics: metricsOf(objective, quantities) };
      }
      const { sum, ...watched } = objective.loss(logp, batch, entropy);
      return { sum: sum.item(), ...watched };
    }),
  );
}
