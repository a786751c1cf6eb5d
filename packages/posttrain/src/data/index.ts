/** Data: rows of files → examples → token rows with loss weights → packs. Needs no tensors. */
export { ChatTemplate, type ChatTemplateOptions, type RenderedChat, type TemplateInput } from './chat-template.ts';
export type { TrainOn } from './conversation-text.ts';
export type { DataReport, JudgementReport, RowLedger, SourceReport } from './data-report.ts';
export {
  type Answer,
  type Comparison,
  type Edit,
  FEEDBACK_SHAPES,
  type Feedback,
  type Keep,
  type KeptRows,
  keepAnswers,
  type LabelledAnswer,
  labelledAnswers,
  type PairsMade,
  type PairToLabel,
  type PreferencePair,
  type PreparedFeedback,
  type PreparedPrompts,
  type PromptRow,
  type Provenance,
  pairId,
  parseFeedbackRow,
  preferencePairs,
  prepareAnswers,
  preparePairs,
  preparePrompts,
  promptHash,
  type Rating,
  readFeedback,
  readPairsToLabel,
  readPrompts,
  type SampledAnswer,
  type SampledAnswers,
  sampledId,
  type Thumb,
} from './feedback/index.ts';
export type { SpecialTokens } from './guarded-messages.ts';
export { splitReasoning } from './messages.ts';
export { type Fitted, fitRow, hasLoss, type Overlong, refuseOverlong } from './overlong.ts';
export { packRows } from './packing.ts';
export * as pocket from './pocket/index.ts';
export { type PreparedData, type PrepareOptions, prepareRows } from './prepare.ts';
export {
  drawPrinciples,
  type Principle,
  type Principles,
  parsePrinciples,
  readPrinciples,
} from './principles/index.ts';
export { type ReadResult, readExamples } from './read-examples.ts';
export type { FileFingerprint } from './read-lines.ts';
export { type Rendered, Renderer, type RendererOptions } from './renderer.ts';
export { ROW_SHAPES } from './row-shapes.ts';
export {
  createPackSource,
  createStepSource,
  type StepSourceOptions,
  type Weighted,
  type WeightedRows,
} from './step-source.ts';
export type { StreamDecoder } from './stream-decoder.ts';
export { type EncodeOptions, type SpecialToken, Tokenizer } from './tokenizer.ts';
export type { TemplateSource } from './tokenizer-files.ts';
export type {
  Conversation,
  Example,
  Message,
  Pack,
  Role,
  Rollout,
  RowOrigin,
  StepSource,
  TokenRow,
  ToolCall,
} from './types.ts';
export { exampleHash } from './validation.ts';
