import { type Battle, checkBattle } from './battles.ts';
import { type BootstrapOptions, percentiles, resamples } from './bootstrap.ts';
import { clusterItems, effectiveClusters } from './clusters.ts';
import { eloOf } from './elo.ts';
import { type Interval, tailOf } from './interval.ts';
import { inverse, times } from './linear-system.ts';
import { normalQuantile } from './normal.ts';

export interface Rating {
  readonly model: string;
  /** θ, centred: the strengths of all models sum to 0. The chance to beat another is σ(θ − θ'). */
  readonly strength: number;
  /** θ · 400 / ln 10 + 1000 */
  readonly elo: number;
  /** Of θ, from the curvature of the likelihood, as if all battles were independent. */
  readonly standardError: number;
  /** θ ± z · standardError */
  readonly curvatureInterval: Interval;
  /** Of θ, from resampled prompts: the one to report. */
  readonly interval: Interval | null;
  readonly eloInterval: Interval | null;
}

export interface BradleyTerry {
  /** Strongest first; null where no finite strengths exist, as `why` says. */
  readonly ratings: readonly Rating[] | null;
  readonly why: string | null;
  /** Covariance of the centred strengths in the order of `ratings`: a difference has the error √(c_aa + c_bb − 2 c_ab). */
  readonly covariance: readonly (readonly number[])[];
  readonly battles: number;
  /** Battles without a score, left out. */
  readonly missing: number;
  readonly prompts: number;
  readonly draws: number;
  /** Draws of prompts without finite strengths; beyond 5 % there are no intervals. */
  readonly undefinedDraws: number;
}

/**
 * Strengths by maximum likelihood (Bradley & Terry 1952, Biometrika 39:324), by Newton's method, with a tie as half a win
 * for either side. Finite strengths exist if and only if, however the models are split in two, each side took something
 * off the other (Ford 1957).
 *
 * @throws PosttrainError `usage` for a score outside [0, 1] or a model against itself
 */
export function bradleyTerry(battles: readonly Battle[], options: Omit<BootstrapOptions, 'clusters'>): BradleyTerry {
  const tail = tailOf(options.level ?? 0.95);
  battles.forEach(checkBattle);
  const scored = battles.filter((battle) => battle.score !== null);
  const models = [...new Set(scored.flatMap(({ a, b }) => [a, b]))];
  const prompts = clusterItems(
    scored.length,
    scored.map(({ prompt }) => prompt),
  );
  const draws = options.draws ?? 2000;
  const counts = { battles: scored.length, missing: battles.length - scored.length, prompts: prompts.length, draws };
  const fit = (positions: readonly number[]) => strengths(winsOf(scored, positions, models));
  const theta = fit(prompts.flat());
  if (!theta) {
    const why =
      scored.length === 0
        ? 'no battle has a score'
        : 'some models took nothing off the others, or never met them: their strengths have no finite estimate';
    return { ratings: null, why, covariance: [], ...counts, undefinedDraws: 0 };
  }
  const found: number[][] = [];
  for (const positions of resamples(prompts, draws, options)) {
    const drawn = fit(positions);
    if (drawn) found.push(drawn);
  }
  const covariance = covarianceOf(winsOf(scored, prompts.flat(), models), theta);
  const df = effectiveClusters(prompts.map((items) => items.length)) - 1;
  const order = models.map((_, i) => i).sort((i, j) => theta[j]! - theta[i]!);
  const ratings = order.map((i): Rating => {
    const strength = theta[i]!;
    const standardError = Math.sqrt(covariance[i]![i]!);
    const half = -normalQuantile(tail) * standardError;
    const column = found.map((drawn) => drawn[i]!);
    const { interval } = percentiles(column, draws, df, tail);
    return {
      model: models[i]!,
      strength,
      elo: eloOf(strength),
      standardError,
      curvatureInterval: { low: strength - half, high: strength + half },
      interval,
      eloInterval: interval && { low: eloOf(interval.low), high: eloOf(interval.high) },
    };
  });
  const sorted = order.map((i) => order.map((j) => covariance[i]![j]!));
  return { ratings, why: null, covariance: sorted, ...counts, undefinedDraws: draws - found.length };
}

/** wins[i][j]: what model i took off model j. */
function winsOf(battles: readonly Battle[], positions: readonly number[], models: readonly string[]): number[][] {
  const index = new Map(models.map((model, i) => [model, i]));
  const wins = models.map(() => models.map(() => 0));
  for (const position of positions) {
    const { a, b, score } = battles[position]!;
    const [i, j] = [index.get(a)!, index.get(b)!];
    wins[i]![j]! += score!;
    wins[j]![i]! += 1 - score!;
  }
  return wins;
}

/** The centred θ that maximises Σ wins[i][j] · log σ(θ_i − θ_j); null where the maximum is not finite. */
function strengths(wins: readonly (readonly number[])[]): number[] | null {
  const models = wins.length;
  if (models < 2 || !stronglyConnected(wins)) return null;
  let theta = wins.map(() => 0);
  for (let step = 0; step < 100; step++) {
    const gradient = theta.map((strength, i) =>
      theta.reduce(
        (sum, other, j) => sum + wins[i]![j]! - (wins[i]![j]! + wins[j]![i]!) * sigmoid(strength - other),
        0,
      ),
    );
    const change = [...times(inverse(information(wins, theta)), gradient.slice(0, -1)), 0];
    const largest = Math.max(...change.map(Math.abs));
    // Far from the maximum, where the likelihood is nearly flat, a whole Newton step overshoots.
    const scale = Math.min(1, 2 / largest);
    theta = centred(theta.map((strength, i) => strength + scale * change[i]!));
    if (largest < 1e-11) return theta;
  }
  return null;
}

/** Minus the second derivatives of the log-likelihood, without the last model, whose strength the others fix. */
function information(wins: readonly (readonly number[])[], theta: readonly number[]): number[][] {
  const weight = (i: number, j: number) => {
    const chance = sigmoid(theta[i]! - theta[j]!);
    return (wins[i]![j]! + wins[j]![i]!) * chance * (1 - chance);
  };
  const free = theta.slice(0, -1).map((_, i) => i);
  return free.map((i) =>
    free.map((j) => (i === j ? theta.reduce((sum, _, k) => sum + weight(i, k), 0) : -weight(i, j))),
  );
}

/** The inverse information, carried over from "the last is 0" to "all sum to 0". */
function covarianceOf(wins: readonly (readonly number[])[], theta: readonly number[]): number[][] {
  const free = inverse(information(wins, theta));
  const full = theta.map((_, i) => theta.map((_, j) => free[i]?.[j] ?? 0));
  const means = full.map((row) => row.reduce((a, b) => a + b, 0) / row.length);
  const mean = means.reduce((a, b) => a + b, 0) / means.length;
  return full.map((row, i) => row.map((x, j) => x - means[i]! - means[j]! + mean));
}

function stronglyConnected(wins: readonly (readonly number[])[]): boolean {
  const reached = (took: (i: number, j: number) => number) => {
    const seen = new Set([0]);
    for (const i of seen) for (let j = 0; j < wins.length; j++) if (took(i, j) > 0) seen.add(j);
    return seen.size;
  };
  return reached((i, j) => wins[i]![j]!) === wins.length && reached((i, j) => wins[j]![i]!) === wins.length;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function centred(theta: readonly number[]): number[] {
  const mean = theta.reduce((a, b) => a + b, 0) / theta.length;
  return theta.map((strength) => strength - mean);
}
