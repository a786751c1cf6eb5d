import { type BinnedError, calibrationErrorByWidth } from '../calibration/expected-error.ts';
import { brierScore } from '../calibration/ranking.ts';
import { pearson, spearman } from '../statistics/correlation.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { meanEstimate } from '../statistics/mean.ts';
import { type PairedDifference, pairedDifference } from '../statistics/paired.ts';
import { type RewardAccuracy, rewardAccuracy } from '../statistics/reward-pairs.ts';

/** An answer with the score that a reward model gave it. */
export interface ScoredAnswer {
  readonly score: number;
  /** In words, tokens or characters, of the same kind for all. */
  readonly length: number;
}

/** A held-out preference pair as a reward model saw it. */
export interface ScoredPair {
  readonly chosen: ScoredAnswer;
  readonly rejected: ScoredAnswer;
  /** Names the prompt: pairs of one prompt go together in the intervals. */
  readonly prompt: string;
  /** Such as a source or an axis. */
  readonly group?: string | undefined;
}

/** How far the chance σ(difference) can be believed. */
export interface RewardCalibration {
  /** Pairs that counted: a tie gives no side a chance. */
  readonly n: number;
  /** Of the chance that is given to the side with the higher score; null without pairs. */
  readonly expectedError: BinnedError | null;
  /** 0.25 is what a coin's honest chance earns. */
  readonly brier: number | null;
  /** Mean −log σ(chosen − rejected) in nats, ties among them; log 2 is a coin's. */
  readonly loss: number | null;
}

/** What of a reward is length. */
export interface RewardLength {
  /** Over all answers; null where scores or lengths do not vary. */
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** Of differences within pairs, which the choice of prompts cannot bring about. */
  readonly pearsonWithin: number | null;
  readonly spearmanWithin: number | null;
  /** Pairs whose answers differ in length. */
  readonly n: number;
  /**
   * How often the longer answer of such a pair has the higher score (`after`; a tie counts half), how often it was chosen (`before`), and
   * the difference: above 0, the reward favours length more than people did.
   */
  readonly longerWins: PairedDifference;
}

export interface RewardGroup extends Estimate {
  readonly group: string;
  /** Mean of chosen − rejected. */
  readonly margin: number;
  /** How often the longer answer has the higher score; null where none is longer. */
  readonly longerWins: number | null;
}

export interface RewardReport {
  readonly pairs: number;
  readonly prompts: number;
  /** Of all pairs; a tie is half right. Intervals go by prompts. */
  readonly accuracy: RewardAccuracy;
  readonly calibration: RewardCalibration;
  readonly length: RewardLength;
  /** By name; empty where no pair names a group. */
  readonly groups: readonly RewardGroup[];
}

/** What a reward model is worth on pairs that it has not seen. @throws PosttrainError `usage` for a score that is not finite */
export function rewardReport(pairs: readonly ScoredPair[]): RewardReport {
  const clusters = pairs.map(({ prompt }) => prompt);
  const names = [...new Set(pairs.flatMap(({ group }) => (group === undefined ? [] : [group])))].sort();
  return {
    pairs: pairs.length,
    prompts: new Set(clusters).size,
    accuracy: rewardAccuracy(pairs.map(scoresOf), { clusters }),
    calibration: calibrationOf(pairs),
    length: lengthOf(pairs),
    groups: names.map((name) => groupOf(name, pairs)),
  };
}

/** 1 where the chosen answer has the higher score, ½ for a tie, 0 else. */
export function rightness(difference: number): number {
  return difference === 0 ? 0.5 : Number(difference > 0);
}

function scoresOf({ chosen, rejected }: ScoredPair) {
  return { chosen: chosen.score, rejected: rejected.score };
}

function differenceOf({ chosen, rejected }: ScoredPair): number {
  return chosen.score - rejected.score;
}

function calibrationOf(pairs: readonly ScoredPair[]): RewardCalibration {
  const differences = pairs.map(differenceOf);
  const judged = differences
    .filter((difference) => difference !== 0)
    .map((difference) => ({ confidence: 1 / (1 + Math.exp(-Math.abs(difference))), correct: difference > 0 }));
  const some = judged.length > 0;
  const loss = differences.reduce((sum, d) => sum + Math.max(-d, 0) + Math.log1p(Math.exp(-Math.abs(d))), 0);
  return {
    n: judged.length,
    expectedError: some ? calibrationErrorByWidth(judged) : null,
    brier: some ? brierScore(judged) : null,
    loss: pairs.length > 0 ? loss / pairs.length : null,
  };
}

function lengthOf(pairs: readonly ScoredPair[]): RewardLength {
  const answers = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const [scores, lengths] = [answers.map(({ score }) => score), answers.map(({ length }) => length)];
  // A pair has no order of its own: each difference stands with its opposite, so that correlations are about 0.
  const both = (values: readonly number[]) => [...values, ...values.map((value) => -value)];
  const byScore = both(pairs.map(differenceOf));
  const byLength = both(pairs.map(longerBy));
  const unequal = pairs.filter((pair) => longerBy(pair) !== 0);
  return {
    pearson: pearson(scores, lengths),
    spearman: spearman(scores, lengths),
    pearsonWithin: pearson(byScore, byLength),
    spearmanWithin: spearman(byScore, byLength),
    n: unequal.length,
    longerWins: pairedDifference(
      unequal.map((pair) => Number(longerBy(pair) > 0)),
      unequal.map(longerScoresHigher),
      { clusters: unequal.map(({ prompt }) => prompt) },
    ),
  };
}

/** By how much the chosen answer is the longer one. */
function longerBy({ chosen, rejected }: ScoredPair): number {
  return chosen.length - rejected.length;
}

function longerScoresHigher(pair: ScoredPair): number {
  return rightness(differenceOf(pair) * Math.sign(longerBy(pair)));
}

function groupOf(group: string, pairs: readonly ScoredPair[]): RewardGroup {
  const own = pairs.filter((pair) => pair.group === group);
  const differences = own.map(differenceOf);
  const unequal = own.filter((pair) => longerBy(pair) !== 0);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    group,
    ...meanEstimate(differences.map(rightness), { clusters: own.map(({ prompt }) => prompt) }),
    margin: mean(differences),
    longerWins: unequal.length > 0 ? mean(unequal.map(longerScoresHigher)) : null,
  };
}
