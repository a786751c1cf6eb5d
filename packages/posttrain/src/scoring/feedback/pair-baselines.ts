import { PosttrainError } from '../../support/errors.ts';
import { dot, pairLogistic, type SparseVector } from '../statistics/pair-logistic.ts';
import { type PairedDifference, pairedDifference } from '../statistics/paired.ts';
import { type RewardAccuracy, rewardAccuracy } from '../statistics/reward-pairs.ts';
import { rightness } from './reward-report.ts';

/** A preference pair as text. */
export interface TextPair {
  readonly chosen: string;
  readonly rejected: string;
  /** Names the prompt: pairs of one prompt go together in the intervals. */
  readonly prompt: string;
}

/** What a rule that reads no meaning gets right of the same held-out pairs. */
export interface PairBaseline {
  readonly name: 'length' | 'words';
  readonly accuracy: RewardAccuracy;
  /** Reward model − baseline, pair by pair. */
  readonly difference: PairedDifference;
  /** The interval of the difference is above 0. */
  readonly beaten: boolean;
  /** Features that the fit weighs. */
  readonly features: number;
  /** The features of the largest weight, of what is preferred and of what is not. */
  readonly strongest: readonly { readonly feature: string; readonly weight: number }[];
}

export interface BaselineOptions {
  /** Strength of the L2 penalty; features of length are in units of their spread. Default 1. */
  readonly l2?: number;
  /** Words of fewer training pairs than this are left out. Default 2. */
  readonly fewestPairs?: number;
}

/** How many weights a report shows. */
const shown = 10;

/**
 * The two baselines that a reward model has to beat: logistic regressions of the preference on the difference in length, and on the
 * difference in counts of words, both fitted on the training pairs alone.
 *
 * @param scores the reward model's scores of the held-out pairs, in their order
 * @throws PosttrainError `usage` without training pairs, or where scores and pairs are not as many
 */
export function pairBaselines(
  training: readonly TextPair[],
  heldOut: readonly TextPair[],
  scores: readonly { readonly chosen: number; readonly rejected: number }[],
  { l2 = 1, fewestPairs = 2 }: BaselineOptions = {},
): readonly PairBaseline[] {
  if (training.length === 0)
    throw new PosttrainError('usage', 'the baselines have no pairs to be fitted on.', {
      help: 'give them the pairs that the reward model was trained on.',
    });
  if (scores.length !== heldOut.length)
    throw new PosttrainError('usage', `${scores.length} scores, but ${heldOut.length} held-out pairs.`, {
      help: 'both list the same pairs in the same order',
    });
  const clusters = heldOut.map(({ prompt }) => prompt);
  const model = scores.map(({ chosen, rejected }) => rightness(chosen - rejected));
  return [lengthFeatures(training), wordFeatures(training, fewestPairs)].map(({ name, names, features }) => {
    const { weights } = pairLogistic(
      training.map(({ chosen, rejected }) => subtract(features(chosen), features(rejected))),
      names.length,
      l2,
    );
    const scored = heldOut.map(({ chosen, rejected }) => ({
      chosen: dot(weights, features(chosen)),
      rejected: dot(weights, features(rejected)),
    }));
    const baseline = scored.map(({ chosen, rejected }) => rightness(chosen - rejected));
    const difference = pairedDifference(baseline, model, { clusters });
    return {
      name,
      accuracy: rewardAccuracy(scored, { clusters }),
      difference,
      beaten: difference.interval !== null && difference.interval.low > 0,
      features: names.length,
      strongest: strongest(names, weights),
    };
  });
}

/** Words and marks of a text, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

interface Features {
  readonly name: PairBaseline['name'];
  readonly names: readonly string[];
  readonly features: (text: string) => SparseVector;
}

/** Words of an answer, in units of the root mean square of training differences, so that the penalty does not hang on the unit. */
function lengthFeatures(training: readonly TextPair[]): Features {
  const squares = training.map(({ chosen, rejected }) => (wordsOf(chosen).length - wordsOf(rejected).length) ** 2);
  const spread = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length) || 1;
  return { name: 'length', names: ['words'], features: (text) => [[0, wordsOf(text).length / spread]] };
}

/** Counts of the words that stand in enough training pairs, by the alphabet. */
function wordFeatures(training: readonly TextPair[], fewestPairs: number): Features {
  const found = new Map<string, number>();
  for (const { chosen, rejected } of training)
    for (const word of new Set([...wordsOf(chosen), ...wordsOf(rejected)])) found.set(word, (found.get(word) ?? 0) + 1);
  const names = [...found].flatMap(([word, pairs]) => (pairs >= fewestPairs ? [word] : [])).sort();
  const places = new Map(names.map((word, index) => [word, index]));
  const features = (text: string): SparseVector => {
    const counts = new Map<number, number>();
    for (const word of wordsOf(text)) {
      const place = places.get(word);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    // In one order, so that equal bags give equal sums.
    return [...counts].sort(([a], [b]) => a - b);
  };
  return { name: 'words', names, features };
}

function subtract(a: SparseVector, b: SparseVector): SparseVector {
  const out = new Map(a);
  for (const [index, value] of b) out.set(index, (out.get(index) ?? 0) - value);
  return [...out].filter(([, value]) => value !== 0);
}

function strongest(names: readonly string[], weights: readonly number[]) {
  return names
    .map((feature, i) => ({ feature, weight: weights[i]! }))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, shown);
}
