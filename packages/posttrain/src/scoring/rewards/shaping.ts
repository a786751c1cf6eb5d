import { PosttrainError } from '../../support/errors.ts';
import { named, type Outcome, type Reward, type Sample } from '../contract.ts';

/**
 * A penalty for length: 0 up to `longest − margin` tokens, falling in a line to −1 at `longest`, −1 beyond (Yu et al. 2025, DAPO,
 * arXiv:2503.14476, eq. 13). Shortness is never rewarded.
 */
export function lengthPenalty<Row>(longest: number, margin: number): Reward<Row> {
  if (!(margin > 0 && margin <= longest))
    throw new PosttrainError('usage', `a margin of ${margin} tokens does not fit a longest of ${longest}.`, {
      help: '0 < margin ≤ longest',
    });
  return named('length', ({ tokens }) => Math.max(-1, Math.min(0, (longest - margin - tokens.length) / margin)));
}

/**
 * A penalty for repetition: −most · (1 − different n-grams / n-grams) over token ids (TRL's `get_repetition_penalty_reward`); 0 for a
 * text of fewer than n tokens.
 */
export function repetitionPenalty<Row>(n: number, most = 1): Reward<Row> {
  if (!(Number.isInteger(n) && n >= 1 && most >= 0))
    throw new PosttrainError('usage', `a repetition penalty of at most ${most} over ${n}-grams is undefined.`, {
      help: 'n is a whole number from 1, and the largest penalty is given as a number from 0',
    });
  return named('repetition', ({ tokens }) => {
    const total = tokens.length - n + 1;
    if (total < 1) return 0;
    const different = new Set(Array.from({ length: total }, (_, i) => tokens.slice(i, i + n).join(' ')));
    const repeated = 1 - different.size / total;
    return repeated === 0 ? 0 : -most * repeated;
  });
}

/**
 * 1[correct] − (q − 1[correct])²: correctness less the Brier loss of the stated confidence q (Damani et al. 2025, RLCR,
 * arXiv:2507.16806, eq. 3). Stating the true chance of being right is best, and being right is always better than not.
 */
export function calibratedReward(correct: boolean, confidence: number): number {
  const right = correct ? 1 : 0;
  return right - (confidence - right) ** 2;
}

export interface CalibrationRewardOptions<Row> {
  readonly outcome: (sample: Sample<Row>) => Outcome;
  /** The stated confidence, 0 to 1; null where the text states none, which earns the least: −1. */
  readonly confidence: (text: string) => number | null;
}

/** `calibratedReward` of an answer that states its confidence. Report AUROC beside it: a constant confidence shows there. */
export function calibrationReward<Row>({ outcome, confidence }: CalibrationRewardOptions<Row>): Reward<Row> {
  return named('calibration', (sample) => {
    const stated = confidence(sample.text);
    if (stated === null || !(stated >= 0 && stated <= 1))
      return { value: -1, why: 'no confidence from 0 to 1 is stated' };
    return { value: calibratedReward(outcome(sample) === 'correct', stated), parts: { confidence: stated } };
  });
}

/** The accuracy below which abstaining pays under rewards for correct (1), wrong and abstained answers: (a − w)/(1 − w). */
export function abstentionThreshold(wrong: number, abstained: number): number {
  return (abstained - wrong) / (1 - wrong);
}
