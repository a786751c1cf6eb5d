import type { ScoredItem } from './scored-item.ts';

/** How often something happened that a figure alone would hide. */
export interface ItemCounts {
  readonly truncated: number;
  readonly lengthHit: number;
  readonly empty: number;
  readonly unparseable: number;
  readonly tied: number;
  readonly allEqual: number;
  readonly impossible: number;
}

export function countItems(items: readonly ScoredItem[]): ItemCounts {
  const count = (test: (item: ScoredItem) => boolean) => items.filter(test).length;
  return {
    truncated: count(({ flags }) => flags.truncated),
    lengthHit: count(({ flags }) => flags.lengthHit),
    empty: count(({ flags }) => flags.empty),
    unparseable: count(({ outcome }) => outcome === 'unparseable'),
    tied: count(({ flags }) => flags.tied),
    allEqual: count(({ flags }) => flags.allEqual === true),
    impossible: count(({ flags }) => flags.impossible),
  };
}

/** In nats. A model that could be this sure of a text would have nothing to learn. */
const certainty = 1e-6;

/**
 * Why a task's figures mean nothing, or null. A model, or a server, that finds all choices of most questions equally likely
 * answers nothing, and would still score whatever the order of the choices gives it. A text of probability 0 makes bits per byte
 * infinite, and leaving it out would make them better; texts of probability 1 make them perfect, and no model gives any.
 */
export function invalidReason(items: readonly ScoredItem[]): string | null {
  const impossible = items.filter(({ response, flags }) => response.kind === 'rolling' && flags.impossible).length;
  if (impossible > 0) return `the log-likelihood of ${impossible} of ${items.length} texts is −∞`;
  const rolled = items.flatMap(({ response }) => (response.kind === 'rolling' ? [response] : []));
  const certain = rolled.filter(({ logp }) => logp > -certainty).length;
  if (certain * 2 > rolled.length) return `${certain} of ${rolled.length} texts have probability 1`;
  const choices = items.filter(({ flags }) => flags.allEqual !== null);
  const equal = choices.filter(({ flags }) => flags.allEqual).length;
  if (equal * 2 <= choices.length) return null;
  return `all choices are equally likely in ${equal} of ${choices.length} items`;
}

/** Counts as phrases for people; those that are zero are left out. */
export function describeCounts(counts: ItemCounts): string[] {
  const phrases: readonly (readonly [number, string])[] = [
    [counts.truncated, 'prompts truncated'],
    [counts.lengthHit, 'answers cut at maxTokens'],
    [counts.empty, 'answers empty'],
    [counts.unparseable, 'answers unparseable'],
    [counts.tied, 'ties between choices'],
    [counts.impossible, 'log-likelihoods of −∞'],
  ];
  return phrases.filter(([count]) => count > 0).map(([count, what]) => `${what}: ${count}`);
}
