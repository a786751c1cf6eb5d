import { PosttrainError } from '../../support/errors.ts';

/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution: two-sided 95 %. */
export const z95 = 1.959963984540054;

/** Whether two intervals have no point in common, which is stricter than that the difference is not zero. */
export function areApart(a: Interval, b: Interval): boolean {
  return a.high < b.low || b.high < a.low;
}

/** Half the length of an interval, in the unit of what it holds. */
export function halfWidth(interval: Interval): number {
  return (interval.high - interval.low) / 2;
}

/** The probability that is left out on either side by an interval of this level. */
export function tailOf(level: number): number {
  if (level > 0 && level < 1) return (1 - level) / 2;
  throw new PosttrainError('usage', `level is ${level}.`, { help: 'a level lies between 0 and 1, such as 0.95' });
}
