import { type JudgedPair, resolveBothOrders } from './both-orders.ts';
import type { Interval } from './interval.ts';
import { wilsonInterval } from './shares.ts';

/** Whether the place of an answer decides what a judge says. */
export interface JudgePosition {
  /** Pairs with a verdict in both orders. */
  readonly n: number;
  /** Pairs whose verdict changed with the order. */
  readonly flips: number;
  readonly flipRate: number | null;
  /** 95 %, Wilson. */
  readonly flipInterval: Interval | null;
  /** Pairs of which the judge preferred whatever stood first, both times. */
  readonly firstTwice: number;
  /** The same for whatever stood second. */
  readonly secondTwice: number;
  /** Of those, the share of the first; ½ for a judge that is undecided but without such bias. */
  readonly firstShare: number | null;
  readonly firstInterval: Interval | null;
  /** The interval leaves out one half: the judge has a favourite place. */
  readonly biased: boolean;
}

/**
 * Position bias of a judge asked in both orders. A judge that errs at random changes its mind towards the first place as often as
 * towards the second; one with a favourite place does not (the sign test over pairs that it decided by place).
 */
export function judgePosition(pairs: readonly JudgedPair[]): JudgePosition {
  const { n, flips, flipRate, flipInterval } = resolveBothOrders(pairs);
  const firstTwice = pairs.filter(({ aFirst, bFirst }) => aFirst === 'a' && bFirst === 'b').length;
  const secondTwice = pairs.filter(({ aFirst, bFirst }) => aFirst === 'b' && bFirst === 'a').length;
  const byPlace = firstTwice + secondTwice;
  const interval = byPlace === 0 ? null : wilsonInterval(firstTwice, byPlace);
  return {
    n,
    flips,
    flipRate,
    flipInterval,
    firstTwice,
    secondTwice,
    firstShare: byPlace === 0 ? null : firstTwice / byPlace,
    firstInterval: interval,
    biased: interval !== null && (interval.low > 0.5 || interval.high < 0.5),
  };
}
