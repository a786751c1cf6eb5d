/** Post-training for TypeScript. Nothing here computes on the caller's thread: `train` and `loadModel` use an engine process. */
export { estimateMemory, type MemoryEstimate } from './client/estimate-memory.ts';
export { mergeAdapter } from './client/merge.ts';
export { type GenerateOptions, type JudgeOptions, type LoadModelOptions, loadModel, Model } from './client/model.ts';
export { loadRewardModel, RewardModel, type RewardModelReward, rewardModel } from './client/reward-model.ts';
export { Run, type RunResult } from './client/run.ts';
export { type TrainOptions, train } from './client/train.ts';
export type { Conversation, Message, Role, ToolCall } from './data/types.ts';
export type { GeneratedPart } from './engine/protocol.ts';
export type { Generated, LikelihoodRequest, LikelihoodResult, RollingResult } from './models/generation/settings.ts';
export type { MergeRequest, MergeResult } from './models/lora/merge-request.ts';
export { doctor } from './native/doctor.ts';
export { ensureEngine, type SetupOptions, type SetupProgress, setup } from './native/setup.ts';
export type { RunEvent } from './runs/events.ts';
export { defineRecipe } from './runs/recipe/define.ts';
export { loadRecipe } from './runs/recipe/load.ts';
export type { PretrainRecipe, Recipe, SftRecipe } from './runs/recipe/recipe.generated.ts';
export { resolveRecipe } from './runs/recipe/resolve.ts';
export { PosttrainError, type PosttrainErrorCode } from './support/errors.ts';
