import {
  type EvaluationResult,
  type ScorecardRow,
  scorecardRows,
  showChange,
  showFigure,
  showInterval,
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
    { title: 'metric', value: ({ metric, higherIsBetter }) => `${metric} ${higherIsBetter ? '↑' : '↓'}` },
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
    table(rows, columns, { width, heading: colours.dim }),
    many ? worse(result) : '',
    result.requirements
      .map(({ outcome, why }) => `${outcome === 'passed' ? colours.green(outcome) : colours.red(outcome)}  ${why}`)
      .join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function figureOf({ cells, unit }: ScorecardRow, model: number, withInterval: boolean): string {
  const cell = cells[model];
  if (!cell) return '–';
  const mark = cell.result.invalid === null ? '' : ' invalid';
  return `${showFigure(cell.figure.value, unit)}${withInterval ? ` ${showInterval(cell.figure.interval, unit)}` : ''}${mark}`;
}

function comparedColumns(after: string, i: number, colours: Output['colours']): Column<ScorecardRow>[] {
  const paints: Readonly<Record<string, Paint>> = {
    improved: colours.green,
    regressed: colours.red,
    invalid: colours.red,
  };
  const plain: Paint = (text) => text;
  return [
    {
      title: `Δ ${after}`,
      value: ({ compared, unit }) => {
        const row = compared[i];
        return row ? `${showChange(row.difference.value, unit)} ${showInterval(row.difference.interval, unit)}` : '–';
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
      paint: ({ compared }) => paints[compared[i]?.verdict ?? ''] ?? plain,
    },
  ];
}

function worse({ comparisons }: EvaluationResult): string {
  const lines = comparisons.flatMap(({ before, after, rows }) =>
    worseFirst(rows).map(({ task, metric, verdict, difference, unit }) => {
      const word = verdict === 'regressed' ? 'regressed' : 'perhaps  ';
      return `${word} ${task} ${metric}, ${before} → ${after}: ${showChange(difference.value, unit)} ${showInterval(difference.interval, unit)}`;
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
