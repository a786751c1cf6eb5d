import { PosttrainError } from '../../support/errors.ts';
import type { Estimate } from './estimate.ts';
import { inverse, times } from './linear-system.ts';
import { type ClusteredOptions, meanEstimate } from './mean.ts';

export interface WinRate extends Estimate {
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

/**
 * The win rate of `a` from scores by pair, such as those of `resolveBothOrders`: the mean, a tie being half a win.
 * AlpacaEval's preference of 1 to 2 for the second answer is 1 + score.
 *
 * @param scores 1 where `a` is better, 0 where `b` is, between them for a preference with a degree; null without verdict
 * @param options `discrete: true` first makes any preference a whole win, as AlpacaEval's discrete win rate does
 */
export function winRate(
  scores: readonly (number | null)[],
  { discrete = false, ...options }: ClusteredOptions & { readonly discrete?: boolean } = {},
): WinRate {
  const wrong = scores.findIndex((score) => score !== null && !(score >= 0 && score <= 1));
  if (wrong >= 0)
    throw new PosttrainError('usage', `the preference of pair ${wrong} is ${scores[wrong]}.`, {
      help: 'a preference lies between 0 and 1, and ½ is a tie; take 1 off those of AlpacaEval; pairs count from 0',
    });
  const whole = (score: number | null) => (score === null ? null : (Math.sign(score - 0.5) + 1) / 2);
  return {
    ...meanEstimate(discrete ? scores.map(whole) : scores, options),
    wins: scores.filter((score) => score !== null && score > 0.5).length,
    ties: scores.filter((score) => score === 0.5).length,
    losses: scores.filter((score) => score !== null && score < 0.5).length,
  };
}

export interface LengthControlledWinRate {
  /** The win rate at equal lengths; null where the fit has no finite maximum or lengths do not differ. */
  readonly value: number | null;
  /** The raw win rate, to be printed beside. */
  readonly raw: number | null;
  /** Mean of length(a) − length(b), in the unit given. */
  readonly lengthDifference: number | null;
  /** Weight of tanh(Δ / sd): above 0, longer answers win. */
  readonly lengthWeight: number | null;
  readonly n: number;
  readonly missing: number;
}

/**
 * A win rate at equal lengths: the logistic fit score ~ σ(θ + φ · tanh(Δlength / sd)), read at Δlength = 0. It is the length
 * and model terms of AlpacaEval 2 (Dubois et al. 2024, arXiv:2404.04475), without the instructions' difficulty and
 * the penalty, which need its hosted tables: its leaderboard's figures cannot be had offline, and this is not one of them.
 *
 * @param lengths of the two answers of each pair, in characters or tokens
 */
export function lengthControlledWinRate(
  scores: readonly (number | null)[],
  lengths: readonly { readonly a: number; readonly b: number }[],
): LengthControlledWinRate {
  if (scores.length !== lengths.length)
    throw new PosttrainError('usage', `${scores.length} scores, but ${lengths.length} pairs of lengths.`, {
      help: 'both list the same pairs in the same order',
    });
  const { value: raw, n, missing } = winRate(scores);
  const pairs = scores.flatMap((score, i) => (score === null ? [] : [{ score, delta: lengths[i]!.a - lengths[i]!.b }]));
  const lengthDifference = n === 0 ? null : pairs.reduce((sum, { delta }) => sum + delta, 0) / n;
  const squares = pairs.reduce((sum, { delta }) => sum + (delta - (lengthDifference ?? 0)) ** 2, 0);
  const spread = Math.sqrt(squares / (n - 1));
  const fit =
    spread > 0 ? logisticFit(pairs.map(({ score, delta }) => ({ score, x: Math.tanh(delta / spread) }))) : null;
  const value = fit && 1 / (1 + Math.exp(-fit.constant));
  return { value, raw, lengthDifference, lengthWeight: fit?.slope ?? null, n, missing };
}

/** The maximum likelihood of score ~ σ(constant + slope · x) by Newton's method; null where it is not finite. */
function logisticFit(points: readonly { readonly score: number; readonly x: number }[]) {
  let [constant, slope] = [0, 0];
  for (let step = 0; step < 50; step++) {
    const gradient: [number, number] = [0, 0];
    let [h00, h01, h11] = [0, 0, 0];
    for (const { score, x } of points) {
      const chance = 1 / (1 + Math.exp(-constant - slope * x));
      const weight = chance * (1 - chance);
      gradient[0] += score - chance;
      gradient[1] += (score - chance) * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    if (!(h00 * h11 - h01 * h01 > 1e-12 * h00 * h11)) return null;
    const [c = 0, s = 0] = times(
      inverse([
        [h00, h01],
        [h01, h11],
      ]),
      gradient,
    );
    constant += c;
    slope += s;
    // Scores that a threshold on x separates: the fit runs away instead of settling.
    if (Math.abs(constant) + Math.abs(slope) > 50) return null;
    if (Math.abs(c) + Math.abs(s) < 1e-11) return { constant, slope };
  }
  return null;
}
