import type { EvaluateEvent, RunEvent, StepEvent } from '../runs/index.ts';
import { braillePlot } from '../support/terminal/braille-plot.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../support/terminal/format.ts';

const plotHeight = 9;
const widestPlot = 100;
/** The first and the last loss are means over this many steps, or over a fifth of the run if that is less. */
const averaged = 10;

/** What a run has told so far, for the curve and the summary at its end. */
export class RunCourse {
  readonly steps: StepEvent[] = [];
  readonly evaluations: EvaluateEvent[] = [];

  add(event: RunEvent): void {
    if (event.type === 'step') this.steps.push(event);
    else if (event.type === 'evaluate') this.evaluations.push(event);
  }

  /**
   * Training loss as a line of dots, held-out loss as circles; '' before the second step. Of runs that answers are scored in, the mean
   * reward: their loss is about 0 whatever is learnt.
   */
  plot(width: number): string {
    if (this.steps.length < 2) return '';
    const rewards = this.steps.flatMap(({ step, metrics }) => {
      return metrics?.['reward'] === undefined ? [] : [[step, metrics['reward']] as const];
    });
    if (rewards.length > 1) return `mean reward\n${plotOf([{ name: 'mean reward', points: rewards }], width)}`;
    const training = { name: 'training loss', points: this.steps.map(({ step, loss }) => [step, loss] as const) };
    const heldOut = {
      name: 'held-out loss',
      mark: '○',
      points: this.evaluations.map(({ step, loss }) => [step, loss] as const),
    };
    const series = heldOut.points.length > 0 ? [training, heldOut] : [training];
    return plotOf(series, width);
  }

  /** Lines of [label, value]. */
  summary(): [string, string][] {
    const { steps, evaluations } = this;
    if (steps.length === 0) return [];
    const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
    const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
    const peak = Math.max(...steps.slice(-1).map((step) => step.memory.peakRss));
    const lines: [string, string][] = [
      [
        'steps',
        `${formatCount(steps.length)} in ${formatDuration(seconds)} · ${formatCount(tokens / seconds)} tokens/s · at most ${formatBytes(peak)}`,
      ],
      ['loss', this.#lossChange()],
    ];
    lines.push(...this.#metricChanges());
    const last = evaluations.at(-1);
    if (last) lines.push(['held out', arrow(evaluations.map(({ loss }) => loss))]);
    return [...lines, ...heldOutMetrics(evaluations)];
  }

  /** What the method watches, at the start and at the end of the run. */
  #metricChanges(): [string, string][] {
    const few = this.#few;
    return shownMetrics.flatMap(([name, label]): [string, string][] => {
      const values = this.steps.flatMap(({ metrics }) => metrics?.[name] ?? []);
      return values.length === 0 ? [] : [[label, arrow([mean(values.slice(0, few)), mean(values.slice(-few))])]];
    });
  }

  /** Steps at each end that a mean is taken of. */
  get #few(): number {
    return Math.max(1, Math.min(averaged, Math.floor(this.steps.length / 5)));
  }

  #lossChange(): string {
    const losses = this.steps.map(({ loss }) => loss);
    const few = this.#few;
    const change = arrow([mean(losses.slice(0, few)), mean(losses.slice(-few))]);
    return few === 1 ? change : `${change}   (means of the first and the last ${few} steps)`;
  }
}

/** Metrics that a person is told at the end; all are in metrics.jsonl. */
const shownMetrics = [
  ['accuracy', 'accuracy'],
  ['margin', 'reward margin'],
  ['reward', 'reward'],
  ['kl', 'KL'],
] as const;

function plotOf(series: Parameters<typeof braillePlot>[0], width: number): string {
  return braillePlot(series, { width: Math.min(width, widestPlot), height: plotHeight, xLabel: 'step' });
}

function heldOutMetrics(evaluations: readonly EvaluateEvent[]): [string, string][] {
  const accuracies = evaluations.flatMap(({ metrics }) => metrics?.['accuracy'] ?? []);
  return accuracies.length === 0 ? [] : [['held-out accuracy', arrow(accuracies)]];
}

function arrow(values: readonly number[]): string {
  const [first, last] = [values[0], values.at(-1)];
  return values.length < 2 ? formatNumber(last) : `${formatNumber(first)} → ${formatNumber(last)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Lines of [label, value] with the values below each other. */
export function renderFacts(facts: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...facts.map(([label]) => label.length));
  return facts.map(([label, value]) => `${label.padEnd(widest)}  ${value}`).join('\n');
}
