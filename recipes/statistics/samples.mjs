// One estimate from one draw of a world: what an evaluation would have printed there.
import { bootstrap, meanEstimate, methodDifference, pairedDifference } from 'posttrain/scoring';
import { clusterIds, clusterSizes, drawItems, labels, trainedRuns } from './worlds.mjs';

const correlationOf = (kind) => (kind === 'alone' ? 0 : 0.2);

/** @param draw the score of an item */
export function meanOf(random, clusters, kind, draw) {
  const sizes = clusterSizes(random, clusters, kind);
  return meanEstimate(drawItems(random, sizes, correlationOf(kind), draw), { clusters: clusterIds(sizes) });
}

/** @param draw the scores of an item before and after */
export function pairedOf(random, clusters, kind, draw) {
  const sizes = clusterSizes(random, clusters, kind);
  const pairs = drawItems(random, sizes, correlationOf(kind), draw);
  const side = (at) => pairs.map((pair) => pair[at]);
  return pairedDifference(side(0), side(1), { clusters: clusterIds(sizes) });
}

/** F1 of the rarer class, a statistic that is no mean. */
export function f1Of(random, clusters, kind, { draws, seed }) {
  const sizes = clusterSizes(random, clusters, kind);
  const items = drawItems(random, sizes, correlationOf(kind), labels);
  const f1 = (positions) => {
    let [hits, errors] = [0, 0];
    for (const i of positions) {
      const [gold, predicted] = items[i];
      hits += gold * predicted;
      errors += gold === predicted ? 0 : 1;
    }
    return hits + errors === 0 ? null : (2 * hits) / (2 * hits + errors);
  };
  return bootstrap(items.length, f1, { clusters: clusterIds(sizes), draws, seed, name: `${random.uint32()}` });
}

/** Two methods with five seeds each, on the same items of unequal difficulty, two items a cluster. */
export function methodsOf(random, clusters, gain, { draws, seed }) {
  const sizes = clusterSizes(random, clusters, 'pairs');
  const chances = drawItems(random, sizes, correlationOf('pairs'), (source) => 0.25 + 0.4 * source.float());
  const runs = (gain) => trainedRuns(random, chances, { seeds: 5, gain, spread: 0.06 });
  return methodDifference(runs(0), runs(gain), {
    statistic: (scores) => scores.reduce((a, b) => a + b, 0) / scores.length,
    clusters: clusterIds(sizes),
    draws,
    seed,
    name: `${random.uint32()}`,
  });
}
