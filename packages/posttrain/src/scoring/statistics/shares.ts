import { PosttrainError } from '../../support/errors.ts';
import { type Interval, z95 } from './interval.ts';

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
  const { low, high } = scoreInterval(successes / trials, trials, z);
  return { low: successes === 0 ? 0 : low, high: successes === trials ? 1 : high };
}

/**
 * The score interval of a share of `n` items, where `n` need not be whole: an effective number of independent items
 * takes its place where items go together in clusters (Kish 1965; Korn & Graubard 1998, Survey Methodology 24:193).
 */
export function scoreInterval(share: number, n: number, z: number): Interval {
  const centre = share + z ** 2 / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/**
 * The interval of `after − before` of shares on the same `n` items, of which the share `fixed` was wrong before and right
 * after and `broken` the other way round: Wald's interval after one more item of each kind (Bonett & Price 2012,
 * J. Educ. Behav. Stat. 37:479). So items of which none changed do not pretend to certainty.
 *
 * @param n items; need not be whole, as in {@link scoreInterval}
 */
export function pairedShareInterval(fixed: number, broken: number, n: number, z: number = z95): Interval {
  const [f, b] = [(fixed * n + 1) / (n + 2), (broken * n + 1) / (n + 2)];
  const half = z * Math.sqrt((f + b - (f - b) ** 2) / (n + 2));
  return { low: Math.max(-1, f - b - half), high: Math.min(1, f - b + half) };
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

function checkCount(successes: number, trials: number): void {
  const whole = Number.isInteger(successes) && Number.isInteger(trials);
  if (whole && successes >= 0 && successes <= trials) return;
  throw new PosttrainError('usage', `${successes} successes in ${trials} trials is no share.`, {
    help: 'both are whole numbers, and 0 ≤ successes ≤ trials',
  });
}
