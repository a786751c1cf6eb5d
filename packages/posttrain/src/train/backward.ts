import type { Decoder } from '../models/decoder.ts';
import { PackedAttention } from '../nn/index.ts';
import { enableGrad, noGrad, rngState, scope, setRngState, type Tensor } from '../tensor/index.ts';
import { fillRows } from './fill-rows.ts';
import { backwardThroughHead, sumThroughHead } from './head.ts';
import { type HeadResult, leafOf } from './head-result.ts';
import type { Batch, HeadObjective, Objective } from './objective.ts';

export interface BackwardOptions {
  /** Every gradient is multiplied by this: 1 / the weight of the whole optimizer step. */
  readonly scale: number;
  /** Keep only each block's input and compute the block again when its gradient is due (Chen et al. 2016, arXiv:1604.06174). */
  readonly recompute: boolean;
}

/** Adds one micro-batch's gradients to the parameters' `grad`. @returns the objective's sum, unscaled, in nats, and its metrics. */
export function backward(model: Decoder, batch: Batch, objective: Objective, options: BackwardOptions): HeadResult {
  return scope(() => {
    const head = atHead(objective, batch);
    const filled = { ...batch, ...fillRows(model, batch) };
    using attention = new PackedAttention(filled.lengths, filled.tokens.device);
    const run = options.recompute ? backwardRecomputed : backwardPlain;
    return run(model, filled, attention, { head, dropout: objective.dropout }, options.scale);
  }, 'micro-batch');
}

/** The objective's sum on a batch, without gradients or dropout. */
export function evaluate(model: Decoder, batch: Batch, objective: Objective): HeadResult {
  return scope(() => {
    const head = atHead(objective, batch);
    const { tokens, lengths } = fillRows(model, batch);
    using attention = new PackedAttention(lengths, tokens.device);
    const hidden = noGrad(() => model.call(tokens, attention));
    return sumThroughHead(model, hidden, batch, head);
  }, 'evaluation batch');
}

function atHead(objective: Objective, batch: Batch): HeadObjective {
  return objective.needs === 'teacher' ? objective.forBatch(batch) : objective;
}

/** What a pass has to know of its objective. */
interface Pass {
  readonly head: HeadObjective;
  readonly dropout: boolean;
}

function backwardPlain(
  model: Decoder,
  batch: Batch,
  attention: PackedAttention,
  { head, dropout }: Pass,
  scale: number,
): HeadResult {
  const states = model.call(batch.tokens, attention, dropout);
  const hidden = leafOf(states);
  const result = backwardThroughHead(model, hidden, batch, head, scale);
  if (hidden.grad) states.backward(hidden.grad);
  return result;
}

/**
 * The same gradients with one block's activations alive at a time. Randomness is set back before a block runs again,
 * so that it drops the same weights as the first time.
 */
function backwardRecomputed(
  model: Decoder,
  batch: Batch,
  attention: PackedAttention,
  { head, dropout }: Pass,
  scale: number,
): HeadResult {
  const { x: embedded, context } = model.begin(batch.tokens, attention, dropout);
  const inputs: Tensor[] = [];
  const random: Tensor[] = [];
  let x = embedded.detach();
  for (const block of model.blocks) {
    inputs.push(x);
    random.push(rngState());
    x = noGrad(() => block.call(x, context));
  }
  const last = leafOf(x);
  const normed = model.finish(last);
  const hidden = leafOf(normed);
  const result = backwardThroughHead(model, hidden, batch, head, scale);
  if (!hidden.grad) return result;
  normed.backward(hidden.grad);

  using after = rngState();
  let gradient = last.grad!;
  for (let i = model.blocks.length - 1; i >= 0; i--) {
    gradient = scope(() => {
      setRngState(random[i]!);
      const input = leafOf(inputs[i]!);
      enableGrad(() => model.blocks[i]!.call(input, context)).backward(gradient);
      return input.grad!;
    });
  }
  setRngState(after);
  if (embedded.requiresGrad) embedded.backward(gradient); // not where the embedding is frozen
  return result;
}
