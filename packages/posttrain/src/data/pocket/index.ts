export type { BiasGold } from './bias.ts';
export { type ClozeItem, factCloze, noteCloze } from './cloze.ts';
export type { ConstrainedGold, FormConstraint } from './constraints.ts';
export {
  type BaseForm,
  type BaseStage,
  baseCurriculum,
  baseForms,
  baseOptimizer,
  stageNamed,
  stageRows,
} from './curriculum.ts';
export { domainRows } from './domain.ts';
export type { CitedFact, DoubleGold } from './double.ts';
export { type Flaw, type FlawName, type FlawShares, plantedFlaws } from './flaws.ts';
export { type IntentGold, type IntentLabel, intents, outOfScope } from './intent.ts';
export type { DrawOptions, Gold, ItemSplit, PocketGold, PocketItem, PocketTask } from './items.ts';
export type { Mix } from './mix.ts';
export { pocketInit, pocketModelConfig } from './model-config.ts';
export {
  type HeldOutPreferenceOptions,
  heldOutPreferences,
  type PreferenceAxis,
  type PreferenceOptions,
  type PreferenceRow,
  preferenceAxes,
  preferenceMix,
  preferenceRows,
} from './preferences.ts';
export { type PromptOptions, type PromptRow, promptMix, promptRows } from './prompts.ts';
export type { Wording } from './questions.ts';
export type { SafetyGold } from './safety.ts';
export type { Segment, SegmentsRow } from './segments.ts';
export { type SftRow, type SftRowsOptions, sftMix, sftRows } from './sft.ts';
export {
  type GoldOf,
  type PocketTaskName,
  pocketTasks,
  type TestItemOptions,
  testItems,
  trainItem,
} from './tasks.ts';
export { pocketChatTemplate, pocketContext, tokenizerFiles } from './tokenizer.ts';
export type { Attribute, Kind, SourceType } from './words.ts';
export {
  createWorld,
  type Domain,
  type NameGroup,
  type PocketWorld,
  pocketSeed,
  type StoredEntity,
  type StoredPerson,
} from './world.ts';
