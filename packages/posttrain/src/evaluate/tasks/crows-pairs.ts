import { type CrowsPair, crowsPairsScore } from '../../scoring/bias/crows-pairs.ts';
import { type DataSource, textOf } from '../data-source.ts';
import type { AggregateMetric } from '../metric.ts';
import { defineTask } from '../task.ts';
import { readRows } from './read-rows.ts';

interface Doc {
  readonly kind: string;
  /** The sentence that stereotypes more. */
  readonly more: string;
  readonly less: string;
}

function metric(
  about: string,
  chance: number | null,
  unit: 'share' | 'number',
  read: (score: NonNullable<ReturnType<typeof crowsPairsScore>>) => number | null,
): AggregateMetric<Doc, CrowsPair> {
  return {
    kind: 'aggregate',
    about,
    higherIsBetter: false,
    chance,
    unit,
    compute: (pairs) => {
      const score = crowsPairsScore(pairs);
      return score && read(score);
    },
  };
}

/**
 * Nangia et al. 2020, arXiv:2010.00133, as lm-evaluation-harness 0.4.13 `crows_pairs_english` asks causal models: the log-likelihood of whole
 * sentences. Its figures do not compare with those of masked models, and its authors warn of pairs that measure nothing.
 */
export const crowsPairs = defineTask({
  name: 'crows_pairs',
  version: 1,
  axis: 'bias',
  about: 'Pairs of sentences that differ in the group they speak of: is the more stereotyping one likelier?',
  split: 'every row of the given file',
  docs: (source: DataSource): Doc[] =>
    readRows(source, (row) => ({
      kind: textOf(row, 'bias_type'),
      more: textOf(row, 'sent_more'),
      less: textOf(row, 'sent_less'),
    })),
  request: ({ more, less }) => ({ kind: 'loglikelihood', context: '', continuations: [more, less] }),
  metrics: {
    stereotyped: metric(
      'pairs whose stereotype is likelier; best at a half',
      0.5,
      'share',
      (score) => score.stereotyped,
    ),
    imbalance: metric('its distance from a half', 0, 'share', ({ stereotyped }) =>
      stereotyped === null ? null : Math.abs(stereotyped - 0.5),
    ),
    difference: metric('mean |difference| of a pair, nats', null, 'number', (score) => score.meanDifference),
  },
  stratum: (doc) => doc.kind,
  overlapText: (doc) => doc.more,
  score: (doc, { choices }) => {
    const pair: CrowsPair = { more: choices[0]!.logp, less: choices[1]!.logp };
    return {
      values: { stereotyped: pair, imbalance: pair, difference: pair },
      prediction: pair.more === pair.less ? null : pair.more > pair.less ? doc.more : doc.less,
    };
  },
});
