/** Models in Hugging Face folders: load, run, save. Synchronous, in this process; `loadModel` of the main entry is not. */
export { type Block, type BlockContext, CausalLm, type ModelDimensions } from './causal-lm.ts';
export { Decoder, HeadedDecoder } from './decoder.ts';
export type { DecoderBlock, DecoderParts } from './decoder-parts.ts';
export { families, familyFor } from './families/index.ts';
export type { Family } from './family.ts';
export { type DecodeOptions, decode, type Finish } from './generation/decode.ts';
export { PackedWeights } from './generation/packed-weights.ts';
export { type Sampled, type Sampling, sampleTokens } from './generation/sampler.ts';
export { initialize, type LoadedModel, type LoadOptions, loadCausalLm } from './load.ts';
export { type LoadedRewardModel, loadRewardModel, type RewardLoadOptions } from './load-reward-model.ts';
export { type Likelihood, type LikelihoodQuery, logLikelihoods } from './log-likelihood.ts';
export {
  adaptersOf,
  attachAdapters,
  type LoraSettings,
  mergeAdapters,
  switchOffAdapters,
  withoutAdapters,
} from './lora/adapters.ts';
export { mergeAdapterFolder } from './lora/merge-folder.ts';
export type { MergeRequest, MergeResult } from './lora/merge-request.ts';
export { readModelJson, resolveModelFolder } from './model-folder.ts';
export { lastIndices, RewardModel, scoresOf } from './reward-model.ts';
export { saveModelFolder } from './save.ts';
