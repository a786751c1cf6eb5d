import type { Difference, Pair, RunComparison, RunDetails, RunStatus, RunSummary } from '../runs/index.ts';
import type { Paint, Palette } from '../support/terminal/colours.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../support/terminal/format.ts';
import { table } from '../support/terminal/table.ts';
import { oneLine } from '../support/terminal/width.ts';
import { forgettingFacts } from './forgetting-facts.ts';
import { RunCourse, renderFacts } from './run-course.ts';
import { shownPath } from './shown-path.ts';

export function renderList(runs: readonly RunSummary[], colours: Palette, width: number): string {
  return table(
    runs,
    [
      { title: 'run', value: (run) => run.name },
      { title: 'state', value: (run) => run.status, paint: (run) => statePaint(run.status, colours) },
      { title: 'method', value: (run) => run.method },
      { title: 'model', value: (run) => shownPath(run.model), flexible: 'cut' },
      { title: 'steps', value: stepsOf, align: 'right' },
      { title: 'loss', value: (run) => formatNumber(run.loss), align: 'right' },
      { title: 'held out', value: (run) => formatNumber(run.heldOutLoss), align: 'right' },
      { title: 'time', value: (run) => formatDuration(run.seconds), align: 'right' },
      { title: 'begun (UTC)', value: (run) => beganAt(run.created) },
    ],
    { width, heading: colours.dim },
  );
}

function statePaint(status: RunStatus, { green, red, yellow, cyan }: Palette): Paint {
  return { running: cyan, finished: green, stopped: yellow, failed: red, crashed: red }[status];
}

function stepsOf({ step, steps }: RunSummary): string {
  return `${formatCount(step)} of ${formatCount(steps)}`;
}

function beganAt(created: string): string {
  return created.slice(0, 16).replace('T', ' ');
}

/** @param recipe the resolved recipe as YAML */
export function renderRun(run: RunDetails, recipe: string, colours: Palette, width: number): string {
  const course = new RunCourse();
  for (const row of [...run.metrics.steps, ...run.metrics.evaluations]) course.add(row);
  const { info } = run;
  const failure = info.history.findLast((entry) => entry.message !== undefined)?.message;
  const facts: [string, string][] = [
    ['run', `${run.name}   ${run.id}`],
    ['state', statePaint(run.status, colours)(run.status) + (failure === undefined ? '' : `: ${oneLine(failure)}`)],
    [
      'begun',
      `${beganAt(run.created)} UTC, posttrain ${info.posttrain}, torch ${info.engine.torch ?? '–'}, ${info.engine.threads} threads`,
    ],
    ['progress', stepsOf(run)],
    ...course.summary(),
    ...forgettingFacts(run.forgetting),
    ['checkpoints', run.checkpoints.length === 0 ? 'none' : run.checkpoints.map((step) => `step-${step}`).join(', ')],
  ];
  const plot = course.plot(width);
  const sections = [renderFacts(facts), plot, colours.dim(recipe.trimEnd())];
  return sections.filter((section) => section !== '').join('\n\n');
}

export function renderComparison(
  { a, b, recipe, environment, metrics }: RunComparison,
  colours: Palette,
  width: number,
): string {
  const names = [a.name, b.name] as const;
  const results: [string, Pair, (value: number | null) => string][] = [
    [`loss at step ${metrics.step}`, metrics.loss, formatNumber],
    ['held-out loss', metrics.heldOutLoss, formatNumber],
    ['tokens/s', metrics.tokensPerSecond, formatCount],
    ['peak memory', metrics.peakRss, formatBytes],
  ];
  const sections = [
    section('recipe', recipe, names, colours, width),
    section('environment', environment, names, colours, width),
    comparisonTable(
      'result',
      results.map(([key, pair, format]) => ({ key, a: format(pair.a), b: format(pair.b) })),
      names,
      colours,
      width,
    ),
    metrics.firstDifferentStep === null
      ? `The losses of all common steps are the same to the last bit.`
      : `The losses differ from step ${metrics.firstDifferentStep} on.`,
  ];
  return sections.join('\n\n');
}

function section(
  title: string,
  differences: readonly Difference[],
  names: readonly [string, string],
  colours: Palette,
  width: number,
): string {
  if (differences.length === 0) return `${colours.dim(title)}  the same`;
  const rows = differences.map(({ key, a, b }) => ({ key, a: shown(a), b: shown(b) }));
  return comparisonTable(title, rows, names, colours, width);
}

interface ComparedRow {
  readonly key: string;
  readonly a: string;
  readonly b: string;
}

function comparisonTable(
  title: string,
  rows: readonly ComparedRow[],
  [a, b]: readonly [string, string],
  colours: Palette,
  width: number,
): string {
  return table(
    rows,
    [
      { title, value: (row) => row.key },
      { title: a, value: (row) => row.a, flexible: 'wrap' },
      { title: b, value: (row) => row.b },
    ],
    { width, heading: colours.dim },
  );
}

function shown(value: unknown): string {
  return value === undefined ? '–' : typeof value === 'string' ? oneLine(value) : JSON.stringify(value);
}
