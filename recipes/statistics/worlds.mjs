// Items whose truth is known: clusters of equal or uneven size, items of a cluster that go together to a stated degree.

/** Sizes of `count` clusters: 1, 2 or 5, or uneven: 1 and more with mean 5 (geometric), so that a few hold many items. */
export function clusterSizes(random, count, kind) {
  const fixed = { alone: 1, pairs: 2, equal: 5 }[kind];
  return Array.from({ length: count }, () => fixed ?? 1 + Math.floor(Math.log(1 - random.float()) / Math.log(0.8)));
}

/** The cluster of each item. */
export const clusterIds = (sizes) => sizes.flatMap((size, cluster) => Array(size).fill(cluster));

/**
 * One draw per item. With probability √correlation an item takes the draw of its cluster: then any function of the draw
 * has exactly this intraclass correlation, and the distribution of a single item stays as it is.
 */
export function drawItems(random, sizes, correlation, draw) {
  const shared = Math.sqrt(correlation);
  return sizes.flatMap((size) => {
    const common = draw(random);
    return Array.from({ length: size }, () => (random.float() < shared ? common : draw(random)));
  });
}

/** A draw from values with weights. */
export function weighted(entries) {
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  return (random) => {
    let rest = random.float() * total;
    for (const [value, weight] of entries) {
      rest -= weight;
      if (rest < 0) return value;
    }
    return entries.at(-1)[0];
  };
}

/** Right and wrong, before and after: shares of fixed and broken items, and of those right both times. */
export const answers = (fixed, broken, right) =>
  weighted([
    [[0, 1], fixed],
    [[1, 0], broken],
    [[1, 1], right],
    [[0, 0], 1 - fixed - broken - right],
  ]);

/** Right with this chance. */
export const right = (chance) => (random) => (random.float() < chance ? 1 : 0);

/** Grades in quarters, of mean 0.625. */
export const grade = weighted([
  [0, 2],
  [0.25, 1],
  [0.5, 1],
  [0.75, 2],
  [1, 4],
]);

/** Grades before and after, better or worse by a quarter, or the same. */
export const grades = (better, worse) => {
  const step = weighted([
    [0.25, better],
    [-0.25, worse],
    [0, 1 - better - worse],
  ]);
  return (random) => {
    const before = grade(random);
    return [before, before + step(random)];
  };
};

/** Gold and predicted class of an item, for F1 of the rarer class. */
export const labels = weighted([
  [[1, 1], 0.24],
  [[1, 0], 0.06],
  [[0, 1], 0.1],
  [[0, 0], 0.6],
]);
export const trueF1 = (2 * 0.24) / (2 * 0.24 + 0.06 + 0.1);

/** `seeds` runs over items of these chances to be right; each run is better or worse on all by up to `spread`. */
export function trainedRuns(random, chances, { seeds, gain, spread }) {
  return Array.from({ length: seeds }, () => {
    const shift = gain + spread * (2 * random.float() - 1);
    return chances.map((chance) => (random.float() < chance + shift ? 1 : 0));
  });
}
