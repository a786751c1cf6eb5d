import { PosttrainError } from '../support/errors.ts';

/** A confidence interval of a share or of a difference of shares. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution: two-sided 95 %. */
export const z95 = 1.959963984540054;

/**
 * The score interval of `successes` in `trials` (Wilson 1927; Newcombe 1998, Statist. Med. 17:857, method 3):
 * the shares p for which |k/n − p| ≤ z √(p(1−p)/n). It stays inside [0, 1] and is honest at 0 and n.
 * No trials say nothing: [0, 1].
 *
 * @throws PosttrainError `usage` unless 0 ≤ successes ≤ trials are whole numbers
 */
export function wilsonInterval(successes: number, trials: number, z: number = z95): Interval {
  checkCount(successes, trials);
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const centre = share + z ** 2 / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  const scale = 1 + z ** 2 / trials;
  return {
    low: successes === 0 ? 0 : (centre - half) / scale,
    high: successes === trials ? 1 : (centre + half) / scale,
  };
}

/**
 * The interval of `after − before` for two independent shares, from their Wilson intervals (Newcombe 1998,
 * Statist. Med. 17:873, method 10). For the same items before and after, whose results go together, it is wider than need be.
 */
export function differenceInterval(
  before: { readonly successes: number; readonly trials: number },
  after: { readonly successes: number; readonly trials: number },
  z: number = z95,
): Interval {
  const b = wilsonInterval(before.successes, before.trials, z);
  const a = wilsonInterval(after.successes, after.trials, z);
  if (before.trials === 0 || after.trials === 0) return { low: -1, high: 1 };
  const pb = before.successes / before.trials;
  const pa = after.successes / after.trials;
  return {
    low: pa - pb - Math.hypot(pa - a.low, b.high - pb),
    high: pa - pb + Math.hypot(a.high - pa, pb - b.low),
  };
}

/** Whether two intervals have no point in common, which is stricter than that the difference is not zero. */
export function areApart(a: Interval, b: Interval): boolean {
  return a.high < b.low || b.high < a.low;
}

function checkCount(successes: number, trials: number): void {
  const whole = Number.isInteger(successes) && Number.isInteger(trials);
  if (whole && successes >= 0 && successes <= trials) return;
  throw new PosttrainError('usage', `${successes} successes in ${trials} trials is no share.`, {
    help: 'both are whole numbers, and 0 ≤ successes ≤ trials',
  });
}
