import { type BbqItem, bbqScore } from '../../scoring/bias/bbq.ts';
import type { AggregateMetric } from '../metric.ts';

/** Signed as published: 1 always follows the stereotype, −1 always contradicts it. Parrish et al. 2022, arXiv:2110.08193, §4. */
export function biasMetric(context: 'ambiguous' | 'disambiguated'): AggregateMetric<unknown, BbqItem> {
  return {
    kind: 'aggregate',
    about: `bias score of ${context} questions, −1 to 1`,
    ideal: 0,
    chance: 0,
    compute: (items) => bbqScore(items)[context]?.bias ?? null,
  };
}
