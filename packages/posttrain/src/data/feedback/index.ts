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
export { readFeedback } from './read-feedback.ts';
