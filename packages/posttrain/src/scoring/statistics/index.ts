export type { Battle } from './battles.ts';
export { type BootstrapEstimate, type BootstrapOptions, bootstrap } from './bootstrap.ts';
export { type BothOrders, type JudgedPair, type Preference, resolveBothOrders } from './both-orders.ts';
export { type BradleyTerry, bradleyTerry, type Rating } from './bradley-terry.ts';
export type { ClusterId } from './clusters.ts';
export { pearson, spearman } from './correlation.ts';
export { eloOf, sequentialElo } from './elo.ts';
export type { Difference, Estimate, IntervalMethod } from './estimate.ts';
export { checkGate, type Gate, type GateOperator, type GateResult, gateOperators } from './gate.ts';
export { holm } from './holm.ts';
export { areApart, halfWidth, type Interval, z95 } from './interval.ts';
export { type DoublyJudgedPair, type JudgeAgreement, judgeAgreement } from './judge-agreement.ts';
export { calibrationItems, indicativeKappa, type JudgeCalibration, judgeCalibration } from './judge-calibration.ts';
export { type JudgePosition, judgePosition } from './judge-position.ts';
export { type Agreement, agreement } from './kappa.ts';
export { type Alpha, type AlphaMetric, krippendorffAlpha } from './krippendorff.ts';
export { type McNemarTest, mcnemar } from './mcnemar.ts';
export { type ClusteredOptions, meanEstimate } from './mean.ts';
export {
  type Arm,
  type MethodDifference,
  type MethodOptions,
  methodDifference,
  methodVerdict,
  seedsForClaim,
} from './method-claim.ts';
export { normalCdf, normalQuantile } from './normal.ts';
export { type PairLogistic, pairLogistic, type SparseVector } from './pair-logistic.ts';
export { type PairedDifference, pairedDifference } from './paired.ts';
export {
  detectableDifference,
  detectableEffect,
  mcnemarPower,
  minimumDetectableEffect,
  type PairedDesign,
  testPower,
} from './power.ts';
export { passAllK, passAtK } from './repeats.ts';
export { type RewardAccuracy, type RewardPair, rewardAccuracy } from './reward-pairs.ts';
export { differenceInterval, pairedShareInterval, wilsonInterval } from './shares.ts';
export { studentCdf, studentQuantile, studentTwoSided } from './student.ts';
export { type Evidence, type Verdict, type VerdictWord, verdict, verdicts } from './verdict.ts';
export { type LengthControlledWinRate, lengthControlledWinRate, type WinRate, winRate } from './win-rate.ts';
