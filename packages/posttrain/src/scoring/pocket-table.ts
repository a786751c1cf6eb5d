import { PosttrainError } from '../support/errors.ts';
import type { PocketScore } from './pocket.ts';
import { differenceInterval, type Interval, wilsonInterval } from './statistics/index.ts';

/** A share with its 95 % interval: `successes` of `trials`. */
export interface Share extends Interval {
  readonly successes: number;
  readonly trials: number;
  /** successes / trials; null without trials. */
  readonly share: number | null;
}

/** One line of a before/after table. */
export interface PocketTableRow {
  readonly task: string;
  readonly metric: PocketMetric;
  readonly before: Share;
  readonly after: Share;
  /** The 95 % interval of after − before. */
  readonly difference: Interval;
}

/** The verdicts that a table can count. */
export const pocketMetrics = {
  format: (score) => score.format,
  correct: (score) => score.correct,
  lenient: (score) => score.lenient.correct,
  value: (score) => score.value,
  citation: (score) => score.citation,
  entity: (score) => score.entity,
  exact: (score) => score.exact,
  abstained: (score) => score.abstained,
  misled: (score) => score.misled,
} as const satisfies Record<string, (score: PocketScore) => boolean>;
export type PocketMetric = keyof typeof pocketMetrics;

/** How many of the scores meet a metric. */
export function shareOf(scores: readonly PocketScore[], metric: PocketMetric): Share {
  const successes = scores.filter(pocketMetrics[metric]).length;
  const trials = scores.length;
  const share = trials === 0 ? null : successes / trials;
  return { successes, trials, share, ...wilsonInterval(successes, trials) };
}

/** Scores of the same items by task, from two models, as the lines of a table. */
export function pocketTable(
  before: Readonly<Record<string, readonly PocketScore[]>>,
  after: Readonly<Record<string, readonly PocketScore[]>>,
  metrics: readonly PocketMetric[] = ['format', 'correct', 'lenient'],
): PocketTableRow[] {
  return Object.entries(before).flatMap(([task, scores]) => {
    const later = after[task];
    if (later?.length !== scores.length) {
      throw new PosttrainError(
        'usage',
        `task ${task} has ${scores.length} scores before and ${later?.length ?? 0} after.`,
        {
          help: 'score the same items with both models',
        },
      );
    }
    return metrics.map((metric) => {
      const [b, a] = [shareOf(scores, metric), shareOf(later, metric)];
      return { task, metric, before: b, after: a, difference: differenceInterval(b, a) };
    });
  });
}
