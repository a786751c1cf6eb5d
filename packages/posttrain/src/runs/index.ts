/** Recipes, run folders and what can be read from them. Tensor-free; zod and yaml load with the first recipe. */
export {
  type BrokenCheckpoint,
  type Checkpoint,
  checkpointSteps,
  latestCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
export { compareRuns, type Difference, type MetricsComparison, type Pair, type RunComparison } from './compare.ts';
export { replaceFile } from './durable-file.ts';
export type * from './events.ts';
export {
  type ForgettingChange,
  type ForgettingCost,
  type ForgettingRecord,
  type ForgettingReport,
  readForgetting,
  reportOf,
  type SuiteAnswers,
  type SuiteForgetting,
  type TextForgetting,
} from './forgetting.ts';
export { JsonlLog, type JsonlRows, readJsonl } from './jsonl-log.ts';
export {
  listRuns,
  type RunDetails,
  type RunList,
  type RunStatus,
  type RunSummary,
  runStatus,
  showRun,
} from './list.ts';
export { type LockHolder, lockHolder, lockRun, type RunLock } from './lock.ts';
export {
  type CheckpointManifest,
  type FileFingerprint,
  fingerprintFile,
  type Verification,
  verifyCheckpoint,
} from './manifest.ts';
export { currentRows, type Metrics, type MetricsRow, readMetrics, timeFields, withoutTimeFields } from './metrics.ts';
export { type FoundModel, modelInFolder } from './model-folder.ts';
export { defineRecipe } from './recipe/define.ts';
export { type LoadedRecipe, type LoadRecipeOptions, loadRecipe } from './recipe/load.ts';
export { importModule } from './recipe/load-code.ts';
export type * from './recipe/recipe.generated.ts';
export { resolveRecipe } from './recipe/resolve.ts';
export type * from './recipe/resolved-recipe.ts';
export { namesPath, rewardKind, rewardName } from './recipe/reward-use.ts';
export { loadReward } from './recipe/rewards.ts';
export { type ReferenceRecord, readReference, referenceFile, writeReference } from './reference.ts';
export { type NewRun, RunFolder, readResolved, refuseOccupied } from './run-folder.ts';
export {
  type DataFingerprint,
  dataChanges,
  type EngineFacts,
  engineChanges,
  fingerprintData,
  type Machine,
  type RunInfo,
  readRunInfo,
  type StatusEntry,
} from './run-info.ts';
