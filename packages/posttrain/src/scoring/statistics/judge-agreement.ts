import { bootstrap } from './bootstrap.ts';
import type { Preference } from './both-orders.ts';
import type { Interval } from './interval.ts';
import { calibrationItems } from './judge-calibration.ts';
import { krippendorffAlpha } from './krippendorff.ts';
import { wilsonInterval } from './shares.ts';

/** What people and a judge say of one pair of answers; null where there is no verdict. */
export interface DoublyJudgedPair {
  readonly people: Preference;
  readonly judge: Preference;
}

export interface JudgeAgreement {
  /** Pairs with a verdict of both. */
  readonly n: number;
  readonly missing: number;
  /** Krippendorff's α of the two, over a, b and tie; a judge that guesses has 0. Null where all said tie. */
  readonly alpha: number | null;
  /** 95 %, by the bootstrap over pairs. */
  readonly alphaInterval: Interval | null;
  /** Of the pairs on which neither said tie, the share on which the judge says what people say. */
  readonly accuracy: number | null;
  /** 95 %, Wilson. */
  readonly accuracyInterval: Interval | null;
  /** The pairs of `accuracy`. */
  readonly decided: number;
  /** Why nothing is measured, null where it is. Then α and accuracy are null. */
  readonly unmeasured: string | null;
}

/**
 * How far a judge's preferences are those of people. Which answer of a pair is called a means nothing, so for α each pair counts in both
 * directions: chance is then one half, whatever the names. Below {@link calibrationItems} pairs nothing is said: an agreement of so few
 * would be read as one.
 */
export function judgeAgreement(
  pairs: readonly DoublyJudgedPair[],
  options: { readonly seed: number; readonly name: string; readonly draws?: number },
): JudgeAgreement {
  const both = pairs.filter(({ people, judge }) => people !== null && judge !== null);
  const decided = both.filter(({ people, judge }) => people !== 'tie' && judge !== 'tie');
  const counts = { n: both.length, missing: pairs.length - both.length, decided: decided.length };
  const nothing = { alpha: null, alphaInterval: null, accuracy: null, accuracyInterval: null };
  if (both.length < calibrationItems)
    return {
      ...counts,
      ...nothing,
      unmeasured: `${both.length} pairs with a label by people and a verdict; ${calibrationItems} or more measure a judge`,
    };
  const alphaAt = (positions: readonly number[]) =>
    krippendorffAlpha(
      positions.flatMap((i) => {
        const { people, judge } = both[i]!;
        return [
          [people, judge],
          [mirrored(people), mirrored(judge)],
        ];
      }),
    ).alpha;
  const alpha = bootstrap(both.length, alphaAt, options);
  const right = decided.filter(({ people, judge }) => people === judge).length;
  return {
    ...counts,
    alpha: alpha.value,
    alphaInterval: alpha.interval,
    accuracy: decided.length === 0 ? null : right / decided.length,
    accuracyInterval: decided.length === 0 ? null : wilsonInterval(right, decided.length),
    unmeasured: null,
  };
}

function mirrored(preference: Preference): Preference {
  return preference === 'a' ? 'b' : preference === 'b' ? 'a' : preference;
}
