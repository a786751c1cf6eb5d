import { PosttrainError } from '../../support/errors.ts';

/** The name of the group that an item belongs to: its document, entity, prompt. */
export type ClusterId = string | number;

/** The items of each cluster, by their positions, in order of first appearance. Without ids each item stands alone. */
export function clusterItems(count: number, clusters: readonly ClusterId[] | undefined): number[][] {
  if (!clusters) return Array.from({ length: count }, (_, i) => [i]);
  checkLengths('items', count, 'cluster ids', clusters.length);
  const groups = new Map<ClusterId, number[]>();
  clusters.forEach((id, i) => {
    const group = groups.get(id);
    if (group) group.push(i);
    else groups.set(id, [i]);
  });
  return [...groups.values()];
}

/** What the robust error needs of each cluster: its size, the sum of its values, and the sum of their squares. */
export interface ClusterSums {
  readonly sizes: readonly number[];
  readonly sums: readonly number[];
  readonly squares: number;
  readonly n: number;
  readonly mean: number;
}

/** Sums by cluster; at least one value. */
export function sumClusters(values: readonly number[], clusters: readonly ClusterId[] | undefined): ClusterSums {
  const groups = clusterItems(values.length, clusters);
  const sums = groups.map((items) => items.reduce((sum, i) => sum + values[i]!, 0));
  return {
    sizes: groups.map((items) => items.length),
    sums,
    squares: values.reduce((sum, value) => sum + value ** 2, 0),
    n: values.length,
    mean: sums.reduce((a, b) => a + b, 0) / values.length,
  };
}

/**
 * How many clusters of equal size would say as much where items of a cluster agree: (Σ n_c)² / Σ n_c², between 1 and C
 * (Carter, Schnepel & Steigerwald 2017, Rev. Econ. Stat. 99:698, with a coefficient of variation of sizes alone).
 */
export function effectiveClusters(sizes: readonly number[]): number {
  const n = sizes.reduce((a, b) => a + b, 0);
  return n ** 2 / sizes.reduce((sum, size) => sum + size ** 2, 0);
}

/** The positions at which every list has a score; a null says that the scorer does not apply there. */
export function scoredPositions(...lists: readonly (readonly (number | null)[])[]): number[] {
  const [first = [], ...others] = lists;
  for (const other of others) checkLengths('scores before', first.length, 'scores after', other.length);
  for (const list of lists) {
    const wrong = list.findIndex((score) => score !== null && !Number.isFinite(score));
    if (wrong < 0) continue;
    throw new PosttrainError('usage', `score ${wrong} is ${list[wrong]}.`, {
      help: 'a score is a finite number, or null where the scorer does not apply; positions count from 0',
    });
  }
  return first.map((_, i) => i).filter((i) => lists.every((list) => list[i] !== null));
}

/** The cluster ids at these positions. */
export function clustersAt(
  clusters: readonly ClusterId[] | undefined,
  positions: readonly number[],
  count: number,
): ClusterId[] | undefined {
  if (!clusters) return undefined;
  checkLengths('items', count, 'cluster ids', clusters.length);
  return positions.map((i) => clusters[i]!);
}

function checkLengths(one: string, length: number, other: string, otherLength: number): void {
  if (length === otherLength) return;
  throw new PosttrainError('usage', `${length} ${one}, but ${otherLength} ${other}.`, {
    help: 'both list the same items in the same order',
  });
}
