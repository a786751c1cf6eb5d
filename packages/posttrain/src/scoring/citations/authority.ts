/** A source as far as its standing goes. */
export interface RankedSource {
  /** Its place: the lower, the more trusted. */
  readonly rank: number;
}

export interface AuthorityCase {
  /** The sources that contradict each other on what was asked; they count from 1. */
  readonly conflicting: readonly number[];
  readonly sources: readonly RankedSource[];
  /** Whether the answer's citations support it. */
  readonly supported: boolean;
  /** What the answer cites; sources count from 1. */
  readonly cited: readonly number[];
}

/**
 * Whether a supported answer to conflicting sources rests on the most trusted of them: 1 where it cites one of the best rank and none
 * of a lower rank among the conflicting, else 0. Citing both sides earns nothing. null where sources do not conflict in rank, or
 * the answer is not supported: authority is then no question.
 *
 * It cannot tell reading from always citing the best-ranked source; rows whose best source is silent show that.
 */
export function authorityOf(answer: AuthorityCase): 0 | 1 | null {
  const { conflicting, sources, supported, cited } = answer;
  const ranks = conflicting.map((id) => sources[id - 1]?.rank ?? Number.POSITIVE_INFINITY);
  const best = Math.min(...ranks);
  if (!supported || ranks.every((rank) => rank === best)) return null;
  const citedRanks = ranks.filter((_, i) => cited.includes(conflicting[i]!));
  return citedRanks.length > 0 && citedRanks.every((rank) => rank === best) ? 1 : 0;
}

/** The share over the answers to which it applies; null where it applies to none. */
export function authorityShare(outcomes: readonly (0 | 1 | null)[]): number | null {
  const applicable = outcomes.filter((outcome) => outcome !== null);
  return applicable.length === 0 ? null : applicable.filter((outcome) => outcome === 1).length / applicable.length;
}
