import { PosttrainError } from '../../support/errors.ts';
import type { Estimate } from './estimate.ts';
import { type ClusteredOptions, meanEstimate } from './mean.ts';

/** What a reward model gave the two answers of a preference pair. */
export interface RewardPair {
  readonly chosen: number;
  readonly rejected: number;
  /** Such as `chat` or `llmbar-natural`. */
  readonly section?: string;
}

export interface RewardAccuracy extends Estimate {
  /** Mean of chosen − rejected, in the reward's own unit. */
  readonly margin: number | null;
  readonly ties: number;
  readonly sections: readonly { readonly section: string; readonly accuracy: number; readonly weight: number }[];
  /** Mean accuracy of the sections by their weights; null without pairs. */
  readonly weighted: number | null;
}

/**
 * How often a reward model puts the chosen answer above the rejected one. A tie is half right; RewardBench
 * (Lambert et al. 2024, arXiv:2403.13787) counts it wrong: `compat: 'rewardbench'`.
 *
 * @param options `weights` by section, such as RewardBench's listed counts; without it, a section weighs its pairs
 * @throws PosttrainError `usage` for a reward that is not finite, or a section without weight where there are weights
 */
export function rewardAccuracy(
  pairs: readonly RewardPair[],
  options: ClusteredOptions & {
    readonly compat?: 'rewardbench';
    readonly weights?: Readonly<Record<string, number>>;
  } = {},
): RewardAccuracy {
  const tie = options.compat === 'rewardbench' ? 0 : 0.5;
  pairs.forEach(({ chosen, rejected }, i) => {
    if (Number.isFinite(chosen) && Number.isFinite(rejected)) return;
    throw new PosttrainError('usage', `pair ${i} has the rewards ${chosen} and ${rejected}.`, {
      help: 'both are finite numbers; pairs count from 0',
    });
  });
  const scores = pairs.map(({ chosen, rejected }) => (chosen === rejected ? tie : Number(chosen > rejected)));
  const names = [...new Set(pairs.map(({ section = 'all' }) => section))];
  const sections = names.map((section) => {
    const own = scores.filter((_, i) => (pairs[i]!.section ?? 'all') === section);
    const weight = options.weights ? options.weights[section] : own.length;
    if (weight === undefined)
      throw new PosttrainError('usage', `section ${section} has ${own.length} pairs but no weight.`, {
        help: `weights are given for ${Object.keys(options.weights ?? {}).join(', ') || 'no section'}`,
      });
    return { section, accuracy: own.reduce((a, b) => a + b, 0) / own.length, weight };
  });
  const total = sections.reduce((sum, { weight }) => sum + weight, 0);
  return {
    ...meanEstimate(scores, options),
    margin: pairs.length === 0 ? null : pairs.reduce((sum, p) => sum + p.chosen - p.rejected, 0) / pairs.length,
    ties: pairs.filter(({ chosen, rejected }) => chosen === rejected).length,
    sections,
    weighted: total === 0 ? null : sections.reduce((sum, s) => sum + s.accuracy * s.weight, 0) / total,
  };
}
