import {
  type EvaluationResult,
  type ScorecardRow,
  scorecardRows,
  showDirection,
  showFigure,
  showInterval,
  showJudgedChange,
  showP,
  worseFirst,
} from '../evaluate/index.ts';
import type { Paint } from '../support/terminal/colours.ts';
import { type Column, table } from '../support/terminal/table.ts';
import type { Output } from './output.ts';

/** The scorecard for a terminal: a table, what got worse, and what was required. */
export function renderEvaluation(
  result: EvaluationResult,
  { width, colours }: Pick<Output, 'width' | 'colours'>,
): string {
  const rows = scorecardRows(result);
  const many = result.comparisons.length > 0;
  const columns: Column<ScorecardRow>[] = [
    { title: 'axis', value: ({ axis }) => axis },
    { title: 'task', value: ({ task }) => task, flexible: 'cut' },
    { title: 'metric', value: (row) => `${row.metric} ${showDirection(row)}` },
    { title: 'n', value: ({ cells }) => String(cells.find((cell) => cell)?.figure.n ?? 0), align: 'right' },
    ...result.models.map(
      ({ id }, i): Column<ScorecardRow> => ({ title: id, value: (row) => figureOf(row, i, !many), align: 'right' }),
    ),
    { title: 'chance', value: ({ chance, unit }) => showFigure(chance, unit), align: 'right' },
    { title: 'majority', value: ({ majority, unit }) => showFigure(majority, unit), align: 'right' },
    ...result.comparisons.flatMap(({ after }, i) => comparedColumns(after, i, colours)),
  ];
  const sections = [
    result.partial ? colours.yellow('partial: it was stopped before all documents were answered') : '',
    rows.length === 0 ? '' : table(rows, columns, { width, heading: colours.dim }),
    many ? renderWorse(result) : '',
    result.requirements
      .map(({ outcome, why }) => `${outcome === 'passed' ? colours.green(outcome) : colours.red(outcome)}  ${why}`)
      .join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function figureOf({ cells, notRun: reasons, unit }: ScorecardRow, model: number, withInterval: boolean): string {
  const cell = cells[model];
  if (!cell) return reasons[model] === undefined ? '–' : 'not run';
  const mark = cell.result.invalid === null ? '' : ' invalid';
  return `${showFigure(cell.figure.value, unit)}${withInterval ? ` ${showInterval(cell.figure.interval, unit)}` : ''}${mark}`;
}

function comparedColumns(after: string, i: number, colours: Output['colours']): Column<ScorecardRow>[] {
  return [
    {
      title: `Δ ${after}`,
      value: ({ compared }) => {
        const row = compared[i];
        return row ? showJudgedChange(row) : '–';
      },
      align: 'right',
    },
    {
      title: 'fixed/broken',
      value: ({ compared }) => (compared[i]?.fixed ? `${compared[i].fixed.length}/${compared[i].broken!.length}` : '–'),
      align: 'right',
    },
    { title: 'p (Holm)', value: ({ compared }) => showP(compared[i]?.adjusted ?? null), align: 'right' },
    {
      title: 'verdict',
      value: ({ compared }) => compared[i]?.verdict ?? '–',
      paint: ({ compared }) => verdictPaint(compared[i]?.verdict, colours),
    },
  ];
}

export function verdictPaint(verdict: string | undefined, { green, red }: Output['colours']): Paint {
  const paints: Readonly<Record<string, Paint>> = { improved: green, regressed: red, invalid: red };
  return paints[verdict ?? ''] ?? ((text) => text);
}

/** What got worse, the proven losses first. */
export function renderWorse({ comparisons }: EvaluationResult): string {
  const lines = comparisons.flatMap(({ before, after, rows }) =>
    worseFirst(rows).map((row) => {
      const word = row.verdict === 'regressed' ? 'regressed' : 'perhaps  ';
      return `${word} ${row.task} ${row.metric}, ${before} → ${after}: ${showJudgedChange(row)}`;
    }),
  );
  return lines.length === 0 ? 'Nothing that was measured got worse.' : `What got worse\n${lines.join('\n')}`;
}

interface ListedTask {
  readonly name: string;
  readonly axis: string;
  readonly about: string;
  readonly data: string | null;
}

export function renderTaskList(
  tasks: readonly ListedTask[],
  { width, colours }: Pick<Output, 'width' | 'colours'>,
): string {
  return table(
    tasks,
    [
      { title: 'task', value: ({ name }) => name },
      { title: 'axis', value: ({ axis }) => axis },
      { title: '--data', value: ({ data }) => (data === null ? 'none' : `${data}=PATH`) },
      { title: 'about', value: ({ about }) => about, flexible: 'wrap' },
    ],
    { width, heading: colours.dim },
  );
}
