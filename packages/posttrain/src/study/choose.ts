import type { TaskResult } from '../evaluate/index.ts';
import { PosttrainError } from '../support/errors.ts';
import type { PlannedChoice } from './plan.ts';

/** What the development documents say of one point of a sweep. */
export interface PointFigure {
  readonly point: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Null where there is none. */
  readonly figure: number | null;
  /** Why there is none, or why it does not count. */
  readonly why: string | null;
}

/** The figure that decides, and how it is read. */
export interface ChoiceReading {
  readonly task: string;
  readonly metric: string;
  readonly unit: 'share' | 'number';
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
}

/** A decided sweep, as choice.json keeps it. */
export interface ArmChoice extends ChoiceReading {
  readonly arm: string;
  readonly point: string;
  readonly figures: readonly PointFigure[];
}

/** A point with what became of its run: the results of the tasks, or why there are none. */
export interface MeasuredPoint extends Pick<PointFigure, 'point' | 'values'> {
  readonly results: readonly TaskResult[];
  readonly diverged: string | null;
}

/**
 * The point with the best figure; of equals the first, in the order in which they are written.
 * @throws PosttrainError `study-invalid` where no point has a figure
 */
export function choosePoint(
  arm: string,
  points: readonly MeasuredPoint[],
  { task, metric }: Pick<PlannedChoice, 'task' | 'metric'>,
): ArmChoice {
  const figures = points.map((point): PointFigure => {
    const { point: name, values, results, diverged } = point;
    const result = results.find((one) => one.task === task);
    const figure = result?.metrics.find((one) => one.name === metric)?.value ?? null;
    const why = diverged ?? (result ? result.invalid : `${task} was not run`) ?? (figure === null ? 'undefined' : null);
    return { point: name, values, figure, why };
  });
  const reading = readingOf(points, task, metric);
  const [best] = figures.filter(({ why }) => why === null).sort((a, b) => badness(a, reading!) - badness(b, reading!));
  if (best && reading) return { arm, point: best.point, ...reading, figures };
  const lines = figures.map(({ point, why }) => `${point}: ${why}`);
  throw new PosttrainError(
    'study-invalid',
    `no point of the sweep of ${arm} has a ${task}.${metric}:\n  ${lines.join('\n  ')}`,
    { help: 'try other values, in another study: one that has begun keeps its plan.' },
  );
}

function readingOf(points: readonly MeasuredPoint[], task: string, metric: string): ChoiceReading | undefined {
  const result = points.flatMap(({ results }) => results).find((one) => one.task === task);
  const figure = result?.metrics.find(({ name }) => name === metric);
  return figure && { task, metric, unit: figure.unit, higherIsBetter: figure.higherIsBetter, ideal: figure.ideal };
}

/** Lower is better, whichever way the metric points. */
function badness({ figure }: PointFigure, { ideal, higherIsBetter }: ChoiceReading): number {
  if (ideal !== null) return Math.abs(figure! - ideal);
  return higherIsBetter ? -figure! : figure!;
}

/** A sentence where the best of the numbers tried is the smallest or the largest: a better one may lie beyond. */
export function edgeRemarks({ arm, point, figures }: ArmChoice): string[] {
  const chosen = figures.find((one) => one.point === point)!;
  return Object.entries(chosen.values).flatMap(([key, value]) => {
    const tried = [...new Set(figures.map(({ values }) => values[key]))];
    if (typeof value !== 'number' || tried.length < 2 || !tried.every((one) => typeof one === 'number')) return [];
    const end = value === Math.min(...tried) ? 'smallest' : value === Math.max(...tried) ? 'largest' : null;
    return end === null
      ? []
      : [`${arm}: the chosen ${key} (${value}) is the ${end} that was tried; a better one may lie beyond.`];
  });
}
