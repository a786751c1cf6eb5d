import type { CausalLm } from '../models/causal-lm.ts';
import { cat, noGrad, scope, type Tensor, toArray } from '../tensor/index.ts';
import { type HeadResult, JoinedMetrics, leafOf } from './head-result.ts';
import type { Batch, BatchObjective, Metrics, TargetObjective } from './objective.ts';

/** Rows of logits that exist at once. Fewer cost more in repeated sums of the head's gradient than they save in memory. */
export const chunkRows = 2048;

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
      const logp = targetLogps(model, hidden, batch, [start, length], objective.temperature);
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
    const { temperature } = objective;
    const [only, ...others] = [...chunksOf(batch)];
    const one = only && others.length === 0 ? targetLogps(model, hidden, batch, only, temperature) : undefined;
    const leaf = leafOf(one ?? noGrad(() => allLogps(model, hidden, batch, temperature)));
    const { sum, ...watched } = objective.loss(leaf, batch);
    sum.mul(scale).backward();
    const gradient = leaf.grad;
    if (gradient && one) one.backward(gradient);
    else if (gradient) {
      for (const chunk of chunksOf(batch))
        scope(() => targetLogps(model, hidden, batch, chunk, temperature).backward(gradient.narrow(0, ...chunk)));
    }
    return { sum: sum.item(), ...watched };
  });
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
      const logp = allLogps(model, hidden, batch, objective.temperature);
      if (objective.needs === 'each-logp') {
        const quantities = { logp, weights: batch.weights };
        return { sum: objective.sum(quantities).item(), metrics: metricsOf(objective, quantities) };
      }
      const { sum, ...watched } = objective.loss(logp, batch);
      return { sum: sum.item(), ...watched };
    }),
  );
}

/** Log-probabilities of all targets, float32 [M], in nats, computed chunk by chunk. */
export function allLogps(model: CausalLm, hidden: Tensor, batch: Batch, temperature = 1): Tensor {
  const chunks = [...chunksOf(batch)];
  return cat(chunks.map((chunk) => scope(() => targetLogps(model, hidden, batch, chunk, temperature))));
}

type Chunk = readonly [start: number, length: number];

/** Stretches of a batch's targets, of at most `rows`. */
export function* chunksOf({ targets }: Batch, rows = chunkRows): Generator<Chunk> {
  const total = targets.count;
  for (let start = 0; start < total; start += rows) yield [start, Math.min(rows, total - start)];
}

/** log softmax of the logits at each target: float32 [m], in nats. */
function targetLogps(model: CausalLm, hidden: Tensor, batch: Batch, chunk: Chunk, temperature = 1): Tensor {
  const states = hidden.indexSelect(0, batch.predictors.narrow(0, ...chunk));
  return model.targetLogps(states, batch.targets.narrow(0, ...chunk), temperature);
}
