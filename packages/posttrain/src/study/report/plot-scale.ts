/** An axis of a plot: where a value lies on it, as a percentage, and where its ticks are. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Values from `low` to `high`, with room on both sides so that no dot and no label is cut. */
export function linearScale(values: readonly number[]): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const step = niceStep(high > low ? high - low : Math.abs(high) || 1);
  const from = Math.floor(low / step + 1e-9) * step;
  const to = Math.max(from + step, Math.ceil(high / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, k) => clean(from + k * step));
  return { at: (value) => 6 + (88 * (value - from)) / (to - from), ticks };
}

/** Positive values by their logarithm, with a tick at each of them. */
export function logScale(values: readonly number[]): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const [from, to] = [Math.log(ticks[0]!), Math.log(ticks.at(-1)!)];
  return { at: (value) => (to === from ? 50 : 6 + (88 * (Math.log(value) - from)) / (to - from)), ticks };
}

/** 1, 2 or 5 times a power of ten, so that about four ticks cover a range. */
function niceStep(range: number): number {
  const power = 10 ** Math.floor(Math.log10(range / 4));
  return ([1, 2, 5].find((factor) => factor * power * 4 >= range) ?? 10) * power;
}

/** Without the last digits of binary fractions. */
const clean = (value: number) => Number(value.toPrecision(10));
