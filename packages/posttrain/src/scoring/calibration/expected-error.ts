import { PosttrainError } from '../../support/errors.ts';
import { byConfidence, checkConfidences, type JudgedConfidence } from './judged.ts';

/** One bin of a reliability diagram. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin; null where it is empty. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

export interface BinnedError {
  /** Σ_b n_b/n · |accuracy_b − confidence_b| */
  readonly error: number;
  /** How the bins were made, to be printed beside the number: other bins give another number. */
  readonly rule: string;
  readonly bins: readonly CalibrationBin[];
}

/**
 * The expected calibration error over bins of equal width, closed on the right: (0, .1], (.1, .2], …, with 0 in the first
 * (Guo et al. 2017, arXiv:1706.04599, eq. 5). It depends on the bins and is biased upwards for few answers.
 */
export function calibrationErrorByWidth(items: readonly JudgedConfidence[], bins = 10): BinnedError {
  checkBins(bins);
  checkConfidences(items);
  const filled: JudgedConfidence[][] = Array.from({ length: bins }, () => []);
  for (const item of items) filled[widthBin(item.confidence, bins)]!.push(item);
  const made = filled.map((members, i) => bin(members, i / bins, (i + 1) / bins));
  return { error: weightedGap(made, items.length), rule: `${bins} bins of equal width, right-closed`, bins: made };
}

/**
 * The same over bins of equal size (they differ by one answer at most). Answers of one confidence that fall into two bins share
 * their accuracy, so their order does not matter.
 */
export function calibrationErrorByMass(items: readonly JudgedConfidence[], bins = 10): BinnedError {
  checkBins(bins);
  checkConfidences(items);
  const sorted = sharedByConfidence(items);
  const made = Array.from({ length: bins }, (_, i) => {
    const members = sorted.slice(Math.floor((i * items.length) / bins), Math.floor(((i + 1) * items.length) / bins));
    return massBin(members);
  });
  return { error: weightedGap(made, items.length), rule: `${bins} bins of equal size`, bins: made };
}

function widthBin(confidence: number, bins: number): number {
  let index = Math.max(0, Math.ceil(confidence * bins) - 1);
  // Rounding of the product may step over an edge; the edges themselves are the quotients.
  while (index > 0 && confidence <= index / bins) index--;
  while (confidence > (index + 1) / bins) index++;
  return index;
}

/** Each answer with the mean correctness of all answers of its confidence, in order of confidence. */
function sharedByConfidence(items: readonly JudgedConfidence[]): { confidence: number; correct: number }[] {
  return byConfidence(items)
    .sort(([a], [b]) => a - b)
    .flatMap(([confidence, members]) => {
      const correct = members.filter((member) => member.correct).length / members.length;
      return members.map(() => ({ confidence, correct }));
    });
}

function massBin(members: readonly { confidence: number; correct: number }[]): CalibrationBin {
  const [from, to] = [members[0]?.confidence ?? 0, members.at(-1)?.confidence ?? 0];
  return summary(members, from, to);
}

function bin(members: readonly JudgedConfidence[], from: number, to: number): CalibrationBin {
  return summary(
    members.map(({ confidence, correct }) => ({ confidence, correct: correct ? 1 : 0 })),
    from,
    to,
  );
}

function summary(
  members: readonly { confidence: number; correct: number }[],
  from: number,
  to: number,
): CalibrationBin {
  const count = members.length;
  if (count === 0) return { from, to, count, confidence: null, accuracy: null };
  const sum = (key: 'confidence' | 'correct'): number => members.reduce((total, member) => total + member[key], 0);
  return { from, to, count, confidence: sum('confidence') / count, accuracy: sum('correct') / count };
}

function weightedGap(bins: readonly CalibrationBin[], total: number): number {
  return bins.reduce(
    (sum, { count, confidence, accuracy }) =>
      confidence === null || accuracy === null ? sum : sum + (count / total) * Math.abs(accuracy - confidence),
    0,
  );
}

function checkBins(bins: number): void {
  if (!Number.isInteger(bins) || bins < 1)
    throw new PosttrainError('usage', `${bins} bins are no whole number above 0.`);
}
