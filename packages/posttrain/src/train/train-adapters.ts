import type { Decoder } from '../models/decoder.ts';
import { readAdapterWeights } from '../models/lora/adapter-folder.ts';
import { attachAdapters, type LoraSettings } from '../models/lora/adapters.ts';
import { isAdapterFolder } from '../models/model-folder.ts';
import { PosttrainError } from '../support/errors.ts';

/** Puts adapters beside the linear maps that a recipe targets: fresh ones, or a checkpoint's. @throws recipe-invalid */
export function prepareAdapters(model: Decoder, lora: LoraSettings, seed: number, checkpoint?: string): void {
  attachAdapters(model, lora, seed);
  if (checkpoint !== undefined) readAdapterWeights(model, checkpoint);
}

/** A checkpoint names its base by one folder, and PEFT knows no adapter on an adapter. @throws recipe-invalid */
export function refuseAdapterOfAdapter(folder: string): void {
  if (!isAdapterFolder(folder)) return;
  throw new PosttrainError('recipe-invalid', `lora: the model is a LoRA adapter itself: ${folder}.`, {
    place: { key: 'model' },
    help: `merge it first (posttrain merge ${folder} --out FOLDER), or leave lora out to train all weights of the sum.`,
  });
}
