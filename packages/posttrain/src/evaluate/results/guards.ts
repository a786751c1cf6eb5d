import type { ScoredItem } from './scored-item.ts';

/** How often something happened that a figure alone would hide. */
export interface ItemCounts {
  readonly truncated: number;
  readonly lengthHit: number;
  readonly empty: number;
  readonly unparseable: number;
  readonly tied: number;
  readonly allEqual: number;
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
  };
}

/**
 * Why a task's figures mean nothing, or null. A model, or a server, that finds all choices of most questions equally likely
 * answers nothing, and would still score whatever the order of the choices gives it.
 */
export function invalidReason(items: readonly ScoredItem[]): string | null {
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
  ];
  return phrases.filter(([count]) => count > 0).map(([count, what]) => `${what}: ${count}`);
}
