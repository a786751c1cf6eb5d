import { loadCausalLm } from '../models/load.ts';
import { switchOffAdapters } from '../models/lora/adapters.ts';
import { readLiveState } from './checkpoint-files.ts';
import type { Critic } from './critic.ts';
import { causalLm } from './head.ts';
import { makeTrainable } from './make-trainable.ts';
import type { Reference } from './objectives/pair-logps.ts';
import type { PreparedRun } from './prepared-run.ts';
import { measureReference } from './reference.ts';
import type { HeldModel, ReferenceModel } from './reference-model.ts';
import type { RolloutWorld } from './rollouts/live-source.ts';

/** Measured on the model as the run found it: the one that is loaded, or, where that has been trained since, the source again. */
export function referenceOf({
  rows,
  folder,
  recipe,
  loaded,
  checkpoint,
  emit,
  stop,
}: PreparedRun): Promise<Reference | null> {
  const setup = {
    rows: rows.compared,
    dir: folder.dir,
    together: recipe.microBatch as number,
    stopRequested: () => stop.aborted,
    onProgress: (done: number, total: number) => emit({ type: 'progress', what: 'reference', done, total }),
  };
  return measureReference(setup, async (measure) => {
    if (!checkpoint || recipe.lora) {
      // Beside trained adapters stands the model as it was.
      using _frozen = switchOffAdapters(loaded.model);
      return await measure(causalLm(loaded.model));
    }
    using before = modelBefore({ recipe, loaded });
    return await measure(before.model);
  });
}

/** The model as the run found it, loaded anew, in the arithmetic of training. */
export function modelBefore({ recipe, loaded }: Pick<PreparedRun, 'recipe' | 'loaded'>): HeldModel {
  const { model } = loadCausalLm(loaded.folder, { init: recipe.init, seed: recipe.seed });
  const trainable = makeTrainable(model, recipe.precision as 'fp32' | 'bf16');
  const dispose = () => {
    trainable[Symbol.dispose]();
    model[Symbol.dispose]();
  };
  return { model, [Symbol.dispose]: dispose };
}

/** What a method whose rows the model writes itself draws on. */
export function worldOf(
  { loaded, rows, folder, recipe, checkpoint, stop, ask }: PreparedRun,
  references: ReferenceModel,
  critic: Critic | undefined,
): RolloutWorld {
  return {
    ...{ model: causalLm(loaded.model), tokenizer: rows.tokenizer, folder, ask, stop },
    together: recipe.microBatch as number,
    withReference: (measure) => {
      if (!recipe.lora) return measure(references.model);
      using _frozen = switchOffAdapters(loaded.model);
      return measure(causalLm(loaded.model));
    },
    valuesOf: (asked) => {
      if (critic) return critic.valuesOf(asked);
      throw new TypeError('this method has no critic');
    },
    resumed: checkpoint ? readLiveState(checkpoint.path) : null,
  };
}
