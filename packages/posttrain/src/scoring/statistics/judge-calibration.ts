import { bootstrap } from './bootstrap.ts';
import type { Interval } from './interval.ts';
import { agreement } from './kappa.ts';
import { wilsonInterval } from './shares.ts';

/** Below this κ the rows of a judge are labelled indicative. */
export const indicativeKappa = 0.4;
/** Fewer labelled items than this do not calibrate a judge. */
export const calibrationItems = 50;

export interface JudgeCalibration {
  readonly n: number;
  /** Items on which the judge, or the person, gave no verdict. */
  readonly missing: number;
  readonly agreement: number | null;
  readonly agreementInterval: Interval | null;
  readonly kappa: number | null;
  readonly kappaInterval: Interval | null;
  /** Of the items that people call unsupported, the share that the judge calls supported. */
  readonly falseSupport: number | null;
  readonly falseSupportInterval: Interval | null;
  /** Whether rows by this judge are merely indicative, and why; null where they may stand. */
  readonly indicative: string | null;
}

/**
 * How a judge does on items that people have labelled; it is printed beside every number that the judge produced.
 *
 * @param judged true for supported, null where the judge gave no verdict
 * @param labels the same by people
 */
export function judgeCalibration(
  judged: readonly (boolean | null)[],
  labels: readonly (boolean | null)[],
  options: { readonly seed: number; readonly name: string; readonly draws?: number },
): JudgeCalibration {
  const found = agreement(judged, labels);
  const at = (positions: readonly number[]) =>
    agreement(
      positions.map((i) => judged[i]!),
      positions.map((i) => labels[i]!),
    ).kappa;
  const known = judged.map((_, i) => i).filter((i) => judged[i] !== null && labels[i] !== null);
  const kappa = bootstrap(known.length, (positions) => at(positions.map((p) => known[p]!)), options);
  const unsupported = known.filter((i) => labels[i] === false);
  const wrongly = unsupported.filter((i) => judged[i] === true).length;
  const same = Math.round((found.agreement ?? 0) * found.n);
  return {
    n: found.n,
    missing: found.missing,
    agreement: found.agreement,
    agreementInterval: found.n === 0 ? null : wilsonInterval(same, found.n),
    kappa: found.kappa,
    kappaInterval: kappa.interval,
    falseSupport: unsupported.length === 0 ? null : wrongly / unsupported.length,
    falseSupportInterval: unsupported.length === 0 ? null : wilsonInterval(wrongly, unsupported.length),
    indicative: whyIndicative(found.n, found.kappa),
  };
}

function whyIndicative(n: number, kappa: number | null): string | null {
  if (n < calibrationItems) return `${n} labelled items; a judge is calibrated on ${calibrationItems} or more`;
  if (kappa === null) return 'κ is undefined: all labels are the same';
  return kappa < indicativeKappa ? `κ ${kappa.toFixed(2)} is below ${indicativeKappa}` : null;
}
