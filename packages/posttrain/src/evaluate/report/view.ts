import { type Axis, axes } from '../metric.ts';
import type { ComparedMetric } from '../results/compare.ts';
import type { EvaluationResult } from '../results/evaluation.ts';
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
  readonly higherIsBetter: boolean;
  /** By model, in the models' order; undefined where a model did not come so far. */
  readonly cells: readonly (ScorecardCell | undefined)[];
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

/** The rows of the scorecard by axis; within one, tasks and metrics as they were given, so that trade-offs stay next to each other. */
export function scorecardRows({ models, results, comparisons }: EvaluationResult): ScorecardRow[] {
  const tasks = [...new Set(results.map(({ task }) => task))];
  const rows = tasks.flatMap((task) => {
    const byModel = models.map(({ id }) => results.find((result) => result.task === task && result.model === id));
    const first = byModel.find((result) => result !== undefined)!;
    return first.metrics.map((metric): ScorecardRow => {
      const { name, about, axis, unit, higherIsBetter, chance, majority } = metric;
      return {
        ...{ axis, task, metric: name, about, unit, higherIsBetter, chance, majority },
        cells: byModel.map((result) => result && cellOf(result, name)),
        compared: comparisons.map(({ rows: all }) => all.find((row) => row.task === task && row.metric === name)),
      };
    });
  });
  return axes.flatMap((axis) => rows.filter((row) => row.axis === axis));
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
  const { id, calibration, judgesItself } = judge!;
  const trust =
    calibration === null
      ? 'not calibrated'
      : `agreement ${share(calibration.agreement)}, κ ${calibration.kappa === null ? '–' : calibration.kappa.toFixed(2)} on ${calibration.n} items`;
  const indicative = calibration === null || calibration.indicative !== null ? ', indicative' : '';
  return [`judge ${id} (${trust}${indicative})${judgesItself ? ', its own' : ''}`];
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
