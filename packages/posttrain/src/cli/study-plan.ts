import type { PlannedPoint, PreparedStudy } from '../study/index.ts';
import { countRuns } from '../study/index.ts';
import { formatCount } from '../support/terminal/format.ts';
import { type Column, table } from '../support/terminal/table.ts';
import type { Output } from './output.ts';
import { renderFacts } from './run-course.ts';

interface PlanRow {
  readonly arm: string;
  readonly what: string;
  readonly varies: string;
  readonly points: string;
  readonly tokens: string;
}

/** What a study will do, for --dry-run: arms, what varies in each, how many runs, and how many tokens at most. */
export function renderStudyPlan(
  { plan, arms, remarks }: PreparedStudy,
  dir: string,
  { width, colours }: Pick<Output, 'width' | 'colours'>,
): string {
  const rows = plan.arms.map(({ name, method, model, swept, points }): PlanRow => {
    const [first] = points;
    return {
      arm: name === plan.baseline ? `${name} (baseline)` : name,
      what: method === null ? `${model}, as it is` : `${method} of ${model}`,
      varies: swept.map((key) => `${key}: ${valuesOf(points, key)}`).join('; '),
      points: method === null ? '–' : String(points.length),
      tokens: first === undefined ? '–' : tokensOf(first),
    };
  });
  const columns: Column<PlanRow>[] = [
    { title: 'arm', value: ({ arm }) => arm },
    { title: 'what', value: ({ what }) => what, flexible: 'cut' },
    { title: 'varies', value: ({ varies }) => varies },
    { title: 'points', value: ({ points }) => points, align: 'right' },
    { title: 'tokens a run', value: ({ tokens }) => tokens, align: 'right' },
  ];
  const { choose, evaluate } = plan;
  const facts: [string, string][] = [
    ['training runs', String(countRuns(arms, plan))],
    ['seeds', plan.seeds.join(', ')],
    ...(choose ? [['chosen by', `${choose.task}.${choose.metric}, on seed ${choose.seed}`] as [string, string]] : []),
    ['compared on', evaluate.tasks.map(({ name }) => name).join(', ')],
    ...Object.entries(evaluate.margins).map(([name, margin]): [string, string] => ['margin', `${name} ${margin}`]),
    ...evaluate.require.map((one): [string, string] => ['required', one]),
    ['folder', dir],
  ];
  return [table(rows, columns, { width, heading: colours.dim }), renderFacts(facts), remarks.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function valuesOf(points: readonly PlannedPoint[], key: string): string {
  return [...new Set(points.map(({ values }) => JSON.stringify(values[key])))].join(', ');
}

/** Before the rows are read, only the most that can fit is known. */
function tokensOf({ recipe: { steps, epochs, batch, data } }: PlannedPoint): string {
  if (steps === undefined) return `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
  if (data.maxTokens === 'auto') return `${formatCount(steps * batch)} sequences`;
  return `≤ ${formatCount(steps * batch * data.maxTokens)}`;
}
