// What the studies guard: a figure that may not get worse by more than a margin.

/** The whole interval of a row's change stays above −margin where more is better, below margin where less is. */
export function isKept({ difference: { value, interval }, higherIsBetter }, margin) {
  if (interval === null) return value === 0;
  return higherIsBetter ? interval.low > -margin : interval.high < margin;
}
