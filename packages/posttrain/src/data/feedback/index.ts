export type {
  Answer,
  Comparison,
  Edit,
  Feedback,
  LabelledAnswer,
  PreferencePair,
  Provenance,
  Rating,
  Thumb,
} from './feedback.ts';
export { FEEDBACK_SHAPES, parseFeedbackRow } from './feedback-shapes.ts';
export { type PairToLabel, pairId, readPairsToLabel } from './pairs-to-label.ts';
export { labelledAnswers, type PairsMade, preferencePairs, promptHash } from './preference-pairs.ts';
export { type PreparedFeedback, prepareAnswers, preparePairs } from './prepare-feedback.ts';
export { type PreparedPrompts, preparePrompts } from './prepare-prompts.ts';
export { type PromptRow, readPrompts } from './prompt-rows.ts';
export { readFeedback } from './read-feedback.ts';
export {
  type Keep,
  type KeptRows,
  keepAnswers,
  type SampledAnswer,
  type SampledAnswers,
  sampledId,
} from './sampled-answers.ts';
