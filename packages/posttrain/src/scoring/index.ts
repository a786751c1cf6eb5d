// The contract: a scorer is a reward is a scorer.

// Safety, bias, factuality.
export { type BbqContextScore, type BbqItem, type BbqScore, bbqScore } from './bias/bbq.ts';
export { type BbqKey, type BbqRow, readBbqRow } from './bias/bbq-row.ts';
export {
  type CounterfactualPair,
  type CounterfactualScore,
  counterfactualScore,
  logOddsOfYes,
} from './bias/counterfactual-pairs.ts';
export { type CrowsPair, type CrowsPairsScore, crowsPairsScore } from './bias/crows-pairs.ts';
export { type StereoSetItem, type StereoSetScore, stereoSetScore } from './bias/stereoset.ts';
export type { BinnedError, CalibrationBin } from './calibration/expected-error.ts';
// Outcomes, abstention, calibration, intent.
export { calibrationErrorByMass, calibrationErrorByWidth } from './calibration/expected-error.ts';
export type { ConfidenceSource, JudgedConfidence } from './calibration/judged.ts';
export {
  aurc,
  auroc,
  brierScore,
  brierSkill,
  type RiskCoverageOptions,
  riskAtCoverage,
  riskCoverage,
} from './calibration/ranking.ts';
// Choices and likelihoods.
export {
  accuracy,
  type Baselines,
  balancedAccuracy,
  baselines,
  type Classified,
  macroF1,
  recallAndPrecision,
} from './choice/classification.ts';
export { legalBenchScore, normalizeLabel } from './choice/legalbench.ts';
export {
  amountAccuracy,
  caseNameAccuracy,
  exceptionsF1,
  type LegalBenchCompat,
  legalBenchTaskScore,
  type OpenAnswer,
  partiesF1,
  successorExceptions,
  termAccuracy,
} from './choice/legalbench-open.ts';
export { countUnits, type Perplexities, perplexities, type RolledText } from './choice/perplexity.ts';
export {
  allEqual,
  type ChoiceLikelihoods,
  type ChoiceResult,
  type ChoiceRule,
  choiceValues,
  pickChoice,
  type TieRule,
  tieTolerance,
} from './choice/pick.ts';
export { brierOfChoices, logSumExp, softmax } from './choice/probabilities.ts';
export { truthfulMc1, truthfulMc2 } from './choice/truthfulqa.ts';
// Citations and sources.
export { type AlceDocument, type AlceScore, alceCitations } from './citations/alce.ts';
export { type AuthorityCase, authorityOf, authorityShare, type RankedSource } from './citations/authority.ts';
export { type Citation, type CitedSentence, parseCitations, withoutCitations } from './citations/parse.ts';
export { type CitationScore, scoreCitations } from './citations/score.ts';
export { splitSentences } from './citations/sentences.ts';
export {
  type LexicalOverlap,
  lexicalOverlap,
  lexicalSupport,
  oracleSupport,
  type Support,
  verbatimSupport,
} from './citations/support.ts';
export {
  type DetailedScore,
  named,
  type Outcome,
  outcomeScore,
  outcomes,
  type Reward,
  type Sample,
  type Score,
  type ScoredMessage,
  type ScoringContext,
} from './contract.ts';
export { type FactCheckedResponse, type FactScore, factScore } from './factuality/factscore.ts';
export {
  type HallucinationVerdict,
  type HaluEvalItem,
  type HaluEvalScore,
  haluEvalScore,
  readVerdict,
} from './factuality/halueval.ts';
export {
  type DetectionScore,
  type HallucinatedSpan,
  locateSpans,
  type RagTruthItem,
  type RagTruthScore,
  ragTruthScore,
} from './factuality/ragtruth.ts';
export { type RubricCriterion, rubricMean, rubricScore } from './factuality/rubric.ts';
// Instructions that a program can verify.
export {
  type AnnotatorReport,
  type FeedbackReport,
  feedbackReport,
  type JudgedComparison,
  type PositionBias,
} from './feedback/feedback-report.ts';
export {
  type BaselineOptions,
  type PairBaseline,
  pairBaselines,
  type TextPair,
  wordsOf,
} from './feedback/pair-baselines.ts';
export {
  type RewardCalibration,
  type RewardGroup,
  type RewardLength,
  type RewardReport,
  rewardReport,
  type ScoredAnswer,
  type ScoredPair,
} from './feedback/reward-report.ts';
export { followsAll, type IfevalAccuracy, ifevalAccuracy } from './ifeval/accuracy.ts';
export {
  type Followed,
  type IfevalResult,
  type IfevalRow,
  type Instruction,
  ifevalExactness,
  ifevalVerifiers,
  readInstructions,
  verifyInstructions,
} from './ifeval/instructions.ts';
export type { Exactness, IfevalTools, Verifier } from './ifeval/verifier.ts';
export { type IntentScore, intentScore } from './intent/out-of-scope.ts';
export { type AbstentionScore, type AnswerabilityItem, abstentionScore } from './outcomes/abstention.ts';
export {
  type AttemptedScore,
  attemptedScore,
  countOutcomes,
  type OutcomeCounts,
  thresholdScore,
  wrongAnswerReward,
} from './outcomes/attempted.ts';
// The pocket world.
export {
  type PocketExpectation,
  type PocketParts,
  type PocketScore,
  scorePocketAnswer,
} from './pocket/answer.ts';
export { type PocketBiasExpectation, type PocketBiasScore, scorePocketBias } from './pocket/bias.ts';
export {
  type PocketSource,
  pocketAuthority,
  pocketSupport,
  readPocketSources,
  scorePocketCitations,
} from './pocket/citations.ts';
export {
  type PocketConstraint,
  type PocketConstraintExpectation,
  type PocketConstraintScore,
  scorePocketConstraint,
} from './pocket/constraints.ts';
export {
  type PocketDoubleExpectation,
  type PocketDoubleScore,
  type PocketFact,
  scorePocketDouble,
} from './pocket/double.ts';
export { type PocketIntentScore, scorePocketIntent } from './pocket/intent.ts';
export { type PocketRewardGold, type PocketRewardRow, pocketReward } from './pocket/reward.ts';
export { type PocketSafetyExpectation, type PocketSafetyScore, scorePocketSafety } from './pocket/safety.ts';
export type { PocketAnswer } from './pocket/words.ts';
// Rewards: scorers with a mapping, their combination, and an audit of how they can be cheated.
export { type AnswerRewardOptions, answerReward, numberReward } from './rewards/answer.ts';
export {
  type AuditedAnswer,
  type AuditOptions,
  type AuditRow,
  auditReward,
  type BreakEven,
  type RewardAudit,
} from './rewards/audit.ts';
export { type AuditedRow, auditCases } from './rewards/audit-cases.ts';
export {
  type AuthorityRewardOptions,
  authorityReward,
  type CitationRewardOptions,
  citationFormatGate,
  citationReward,
  copiedShare,
  copyGate,
} from './rewards/citation.ts';
export { combineRewards, type RewardCombination, type WeightedReward } from './rewards/combine.ts';
export { constraintsReward, jsonGate } from './rewards/constraints.ts';
export { type AdversarialPolicy, type AuditCase, adversarialPolicies } from './rewards/policies.ts';
export { type RubricGrader, type RubricItem, readRubric, rubricReward } from './rewards/rubric.ts';
export { type NamedScore, scoreSample } from './rewards/score-sample.ts';
export {
  abstentionThreshold,
  type CalibrationRewardOptions,
  calibratedReward,
  calibrationReward,
  lengthPenalty,
  repetitionPenalty,
} from './rewards/shaping.ts';
export {
  type AbstentionRewardOptions,
  abstentionReward,
  type RefusalRewardOptions,
  refusalReward,
} from './rewards/withholding.ts';
export {
  classifyRefusal,
  type RefusalClass,
  refusalLexicalVersion,
  refusalPhrases,
  turningPhrases,
} from './safety/refusal-phrases.ts';
export { type RefusalItem, type RefusalRates, type RefusalScore, refusalScore } from './safety/refusal-suite.ts';
export { scoreToxicity, type ToxicityScore, type ToxicityScorer, toxicityScore } from './safety/toxicity.ts';
// Statistics.
export * from './statistics/index.ts';
// Text answers.
export { abstentionLexicalVersion, abstentionPhrases, saysItDoesNotKnow } from './text/abstention-phrases.ts';
export { containsAnswer, containsAnswerWords, exactMatch, normalizeAnswer, tokenF1 } from './text/answer-match.ts';
export {
  extractNumber,
  type NumberRule,
  normalizeNumber,
  parseNumber,
  scoreNumber,
  scoreNumberText,
} from './text/number-answer.ts';
export { porterStem } from './text/porter-stem.ts';
export { bestRouge, type OverlapScore, rougeL, rougeN, rougeTokens } from './text/rouge.ts';
export { gradeShortAnswer, type ShortAnswerGrade, type ShortAnswerOptions, singleAnswer } from './text/short-answer.ts';
export { type SourceVisibility, sourceVisibility } from './visibility/geo.ts';
