import type { Decoder } from '../models/decoder.ts';
import { joinWeights } from '../models/join-weights.ts';
import { trainedParameters } from '../models/lora/adapters.ts';
import { isVector } from '../models/precision.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import { Trainable } from './trainable.ts';

/**
 * Prepares a float32 model for training. In bf16 it multiplies by short copies of its matrices, and the masters are set
 * apart. Looking rows up multiplies nothing: the embedding reads its master, as PyTorch's autocast does. Where adapters are
 * trained, all else is frozen: it has neither gradient nor master, and in bf16 the base is there in bf16 alone.
 */
export function makeTrainable(model: Decoder, precision: 'fp32' | 'bf16'): Trainable {
  const masters = new Map<string, Tensor>();
  const trained = new Set(trainedParameters(model).map(([name]) => name));
  if (precision === 'bf16') {
    model.replaceParameters((name, current) => {
      // A of rank 1 has one row, and is multiplied by all the same.
      if ((isVector(current) && !name.endsWith('.lora.a')) || current.dtype === 'bfloat16') return current;
      if (trained.has(name)) masters.set(name, current.detach().keep());
      return noGrad(() => current.toDtype('bfloat16'));
    });
    joinWeights(model);
    readEmbeddingFromMaster(model, masters);
  }
  return new Trainable(model, masters);
}

function readEmbeddingFromMaster(model: Decoder, masters: ReadonlyMap<string, Tensor>): void {
  const embedding = model.inputEmbedding;
  for (const [name, parameter] of model.namedParameters()) {
    const master = masters.get(name);
    if (master && parameter === embedding?.weight) embedding.readFrom(master);
  }
}
