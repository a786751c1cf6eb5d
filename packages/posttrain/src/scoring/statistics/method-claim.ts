import { PosttrainError } from '../../support/errors.ts';
import { resamples } from './bootstrap.ts';
import { type ClusterId, clusterItems, effectiveClusters } from './clusters.ts';
import { type Difference, unknownEstimate } from './estimate.ts';
import { tailOf } from './interval.ts';
import { studentQuantile, studentTwoSided } from './student.ts';
import { type Evidence, type Verdict, verdict } from './verdict.ts';

/** Training seeds that each arm of a claim about a method needs, fixed before the runs. */
export const seedsForClaim = 5;

/** The outcomes of one arm: `runs[seed][item]`, the same items in the same order for every run of both arms. */
export type Arm<T> = readonly (readonly T[])[];

export interface MethodOptions<T> {
  /** Of the outcomes of one run; the mean of scores is `scores => sum / n`. Null where it does not exist. */
  readonly statistic: (outcomes: readonly T[]) => number | null;
  readonly clusters?: readonly ClusterId[] | undefined;
  readonly level?: number | undefined;
  /** Resamples of items, 2,000 without. */
  readonly draws?: number | undefined;
  readonly seed: number;
  readonly name: string;
}

/** after − before of two methods, each trained with several seeds. */
export interface MethodDifference extends Difference {
  readonly before: number | null;
  readonly after: number | null;
  readonly seedsBefore: number;
  readonly seedsAfter: number;
  /** Where the variance comes from: more seeds lessen the first, more items the second. */
  readonly varianceOfSeeds: number | null;
  readonly varianceOfItems: number | null;
}

/**
 * The difference of two methods, with both sources of chance: the seed of the training and the choice of the items.
 *
 * Runs × items is a crossed design. Resampled seeds of an arm give the variance of its mean over runs, s²/S once the factor
 * S/(S − 1) undoes the bootstrap's shrinkage, so they need no draws; items are resampled by cluster, the same ones for all
 * runs. The noise of a single run on a single item is in both variances (Owen 2007, Ann. Appl. Stat. 1:386);
 * the spread of the runs around their mean within a draw measures it, and it is taken off once. The interval is Student's
 * with Satterthwaite's degrees of freedom, since with 5 seeds percentiles are far too narrow.
 *
 * @returns without interval for fewer than 2 seeds in an arm or 2 clusters of items
 * @throws PosttrainError `usage` where runs have different numbers of items
 */
export function methodDifference<T>(before: Arm<T>, after: Arm<T>, options: MethodOptions<T>): MethodDifference {
  const { statistic, level = 0.95, draws = 2000, clusters } = options;
  const tail = tailOf(level);
  const items = before[0]?.length ?? after[0]?.length ?? 0;
  checkRuns([...before, ...after], items);
  const groups = clusterItems(items, clusters);
  const runs = [...before, ...after];
  const values = runs.map((run) => (items === 0 ? null : statistic(run)));
  const counts = {
    n: items,
    missing: 0,
    clusters: groups.length,
    seedsBefore: before.length,
    seedsAfter: after.length,
  };
  const unknown = {
    ...unknownEstimate,
    p: null,
    before: null,
    after: null,
    varianceOfSeeds: null,
    varianceOfItems: null,
  };
  if (!allNumbers(values) || before.length === 0 || after.length === 0) return { ...unknown, ...counts };
  const [a, b] = split(values, before.length);
  const value = mean(b) - mean(a);
  const known = { ...unknown, ...counts, value, before: mean(a), after: mean(b) };
  const effective = effectiveClusters(groups.map((group) => group.length));
  if (a.length < 2 || b.length < 2 || effective < 2 - 1e-9) return known;

  const drawn: number[][] = [];
  for (const positions of resamples(groups, draws, options)) {
    const row = runs.map((run) => statistic(positions.map((i) => run[i]!)));
    if (allNumbers(row)) drawn.push(row);
  }
  if (drawn.length < 0.95 * draws) return known;
  const seedsBefore = variance(a) / a.length;
  const seedsAfter = variance(b) / b.length;
  const pairs = drawn.map((row) => split(row, before.length));
  const widen = effective / (effective - 1);
  const itemsAlone = widen * variance(pairs.map(([x, y]) => mean(y) - mean(x)));
  const noise = widen * (noiseOfRuns(pairs.map(([x]) => x)) + noiseOfRuns(pairs.map(([, y]) => y)));
  const seeds = seedsBefore + seedsAfter;
  const total = Math.max(seeds, itemsAlone, seeds + itemsAlone - noise);
  const shown = { ...known, varianceOfSeeds: seeds, varianceOfItems: itemsAlone };
  if (total === 0) return shown;
  const rest = Math.max(0, total - seeds);
  const df =
    total ** 2 / (seedsBefore ** 2 / (a.length - 1) + seedsAfter ** 2 / (b.length - 1) + rest ** 2 / (effective - 1));
  const standardError = Math.sqrt(total);
  const half = studentQuantile(1 - tail, df) * standardError;
  const interval = { low: value - half, high: value + half };
  return { ...shown, standardError, df, interval, method: 'bootstrap', p: studentTwoSided(value / standardError, df) };
}

/** The verdict of a claim about a method; too few seeds are inconclusive, whatever the numbers say. */
export function methodVerdict(difference: MethodDifference, evidence: Omit<Evidence, 'difference'>): Verdict {
  const seeds = Math.min(difference.seedsBefore, difference.seedsAfter);
  const found = verdict({ ...evidence, difference });
  if (seeds >= seedsForClaim || found.word === 'invalid' || found.word === 'not comparable') return found;
  return {
    word: 'inconclusive',
    why: `${seeds} training seeds in an arm; a claim about a method needs ${seedsForClaim}`,
  };
}

/**
 * The part of the variance of an arm's mean over runs that is noise of single runs: the variance over draws of the runs
 * around their mean, by run, over S.
 */
function noiseOfRuns(draws: readonly (readonly number[])[]): number {
  const runs = draws[0]!.length;
  const centred = draws.map((row) => {
    const middle = mean(row);
    return row.map((value) => value - middle);
  });
  let sum = 0;
  for (let run = 0; run < runs; run++) sum += variance(centred.map((row) => row[run]!));
  return sum / (runs - 1) / runs;
}

function checkRuns(runs: readonly (readonly unknown[])[], items: number): void {
  const wrong = runs.findIndex((run) => run.length !== items);
  if (wrong < 0) return;
  throw new PosttrainError('usage', `run ${wrong} has ${runs[wrong]!.length} items, the first has ${items}.`, {
    help: 'every run of both arms answers the same items; runs count from 0, those before first',
  });
}

const allNumbers = (values: readonly (number | null)[]): values is number[] => values.every((value) => value !== null);

const split = (values: readonly number[], at: number) => [values.slice(0, at), values.slice(at)] as const;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
