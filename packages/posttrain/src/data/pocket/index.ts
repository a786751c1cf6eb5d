export {
  type BaseForm,
  type BaseStage,
  baseCurriculum,
  baseForms,
  baseOptimizer,
  stageNamed,
  stageRows,
} from './curriculum.ts';
export type { DrawOptions, ItemSplit, PocketGold, PocketItem, PocketTask } from './items.ts';
export type { Mix } from './mix.ts';
export { pocketInit, pocketModelConfig } from './model-config.ts';
export type { Wording } from './questions.ts';
export type { Segment, SegmentsRow } from './segments.ts';
export { type SftRow, sftMix, sftRows } from './sft.ts';
export { type PocketTaskName, pocketTasks, type TestItemOptions, testItems, trainItem } from './tasks.ts';
export { pocketChatTemplate, pocketContext, tokenizerFiles } from './tokenizer.ts';
export type { Attribute, Kind, SourceType } from './words.ts';
export { createWorld, type NameGroup, type PocketWorld, pocketSeed, type StoredPerson } from './world.ts';
