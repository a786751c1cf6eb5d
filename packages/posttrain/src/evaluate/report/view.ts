import { type Axis, axes } from '../metric.ts';
import type { ComparedMetric } from '../results/compare.ts';
import type { EvaluationResult, NotRun } from '../results/evaluation.ts';
import { describeCounts } from '../results/guards.ts';
import type { MetricResult } from '../results/metric-result.ts';
import type { TaskResult } from '../results/task-result.ts';

/** One metric of one task over all models, as every report shows it. */
export interface ScorecardRow {
  readonly axis: Axis;
  readonly task: string;
  readonly metric: string;
  readonly about: string;
  readonly unit: 'share' | 'number';
  /** Null where the figure is better the nearer it is to `ideal`. */
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
  /** The metric that pays for this one. */
  readonly against: string | null;
  /** By model, in the models' order; undefined where the task was not run with a model, or not yet. */
  readonly cells: readonly (ScorecardCell | undefined)[];
  /** By model why the task was not run with it. */
  readonly notRun: readonly (string | undefined)[];
  /** Of every later model with the first, in their order. */
  readonly compared: readonly (ComparedMetric | undefined)[];
  readonly chance: number | null;
  readonly majority: number | null;
}

export interface ScorecardCell {
  readonly figure: MetricResult;
  readonly result: TaskResult;
  /** What stands between the figure and its reader: truncated prompts, cut answers and the like. */
  readonly remarks: readonly string[];
}

/** The rows of the scorecard by axis; within one, tasks and metrics as they were given, and both sides of a trade-off together. */
export function scorecardRows({ models, results, notRun, comparisons }: EvaluationResult): ScorecardRow[] {
  const tasks = [...new Set(results.map(({ task }) => task))];
  const rows = tasks.flatMap((task) => {
    const byModel = models.map(({ id }) => results.find((result) => result.task === task && result.model === id));
    const first = byModel.find((result) => result !== undefined)!;
    return first.metrics.map((metric): ScorecardRow => {
      const { name, about, axis, unit, higherIsBetter, ideal, against, chance, majority } = metric;
      return {
        ...{ axis, task, metric: name, about, unit, higherIsBetter, ideal, against, chance, majority },
        cells: byModel.map((result) => result && cellOf(result, name)),
        notRun: models.map(({ id }) => notRun.find((one) => one.task === task && one.model === id)?.why),
        compared: comparisons.map(({ rows: all }) => all.find((row) => row.task === task && row.metric === name)),
      };
    });
  });
  return axes.flatMap((axis) => pairedUp(rows.filter((row) => row.axis === axis)));
}

/** A row that another pays for is followed by that other. */
function pairedUp(rows: readonly ScorecardRow[]): ScorecardRow[] {
  const left = [...rows];
  const ordered: ScorecardRow[] = [];
  for (let row = left.shift(); row !== undefined; row = left.shift()) {
    ordered.push(row);
    const { task, against } = row;
    const partner = left.findIndex((other) => other.task === task && other.metric === against);
    if (partner >= 0) left.unshift(...left.splice(partner, 1));
  }
  return ordered;
}

/** Tasks that were run with no model at all; they have no row. */
export function neverRun({ results, notRun }: EvaluationResult): readonly NotRun[] {
  return notRun.filter(({ task }) => !results.some((result) => result.task === task));
}

function cellOf(result: TaskResult, name: string): ScorecardCell | undefined {
  const figure = result.metrics.find((metric) => metric.name === name);
  if (!figure) return undefined;
  const remarks = [
    ...(result.invalid === null ? [] : [`invalid: ${result.invalid}`]),
    ...(result.partial ? [`${result.n} of ${result.planned} documents`] : []),
    ...describeCounts(result.counts),
    ...(figure.clean && result.overlap ? [`${result.overlap} in the training data`] : []),
    ...(result.judge ? judgeRemarks(result) : []),
  ];
  return { figure, result, remarks };
}

function judgeRemarks({ judge }: TaskResult): string[] {
  const { id, asked, failed, orders, calibration, judgesItself } = judge!;
  const trust =
    calibration === null
      ? 'not calibrated'
      : `agreement ${share(calibration.agreement)}, κ ${calibration.kappa === null ? '–' : calibration.kappa.toFixed(2)} on ${calibration.n} items`;
  const indicative = calibration === null || calibration.indicative !== null ? ', indicative' : '';
  const failures = failed.unparseable + failed.unreachable + failed.timeout;
  return [
    `judge ${id} (${trust}${indicative})${judgesItself ? ', its own' : ''}`,
    ...(failures === 0 ? [] : [`no verdict on ${failures} of ${asked} questions`]),
    ...(orders === null || orders.flips === 0
      ? []
      : [`${orders.flips} of ${orders.n} verdicts changed with the order`]),
  ];
}

const share = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(0)} %`);

export const axisTitles: Readonly<Record<Axis, string>> = {
  intent: 'User intent',
  citations: 'Citations',
  reliability: 'Reliability',
  factuality: 'Factual accuracy',
  safety: 'Safety',
  bias: 'Bias',
  domain: 'Domain skill',
  forgetting: 'Forgetting',
};
