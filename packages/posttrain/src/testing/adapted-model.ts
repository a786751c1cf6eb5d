import { type CausalLm, loadCausalLm } from '../models/index.ts';
import { adaptersOf, attachAdapters, type LoraSettings } from '../models/lora/adapters.ts';
import { manualSeed, noGrad } from '../tensor/index.ts';

/** The settings of the adapter in golden/lora/ours. */
export const ownSettings: LoraSettings = {
  rank: 3,
  alpha: 5,
  targets: ['q_proj', 'v_proj', 'down_proj'],
  dropout: 0.25,
  rankStabilized: false,
};

/** Adapters that change what the model computes: B is drawn too. */
export function attachSeeded(model: CausalLm, settings: LoraSettings = ownSettings): void {
  attachAdapters(model, settings, 5);
  manualSeed(6);
  noGrad(() => {
    for (const lora of adaptersOf(model).values()) lora.b.uniform_(-0.2, 0.2);
  });
}

/** A model of a folder with such adapters beside its linear maps. */
export function adaptedModel(folder: string, settings: LoraSettings = ownSettings): CausalLm {
  const { model } = loadCausalLm(folder);
  attachSeeded(model, settings);
  return model;
}
