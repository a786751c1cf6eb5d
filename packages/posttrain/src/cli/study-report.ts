import { judgedChange, showDirection, showFigure, showJudgedChange, showP, worseFirst } from '../evaluate/index.ts';
import type { StudyFigure, StudyResult, StudyRow } from '../study/index.ts';
import type { Paint } from '../support/terminal/colours.ts';
import { type Column, table } from '../support/terminal/table.ts';
import type { Output } from './output.ts';

/** The result for a terminal: whether it is a claim, figures by arm, differences with a plot of their intervals, what got worse. */
export function renderStudy(result: StudyResult, { width, colours }: Pick<Output, 'width' | 'colours'>): string {
  const { claim, figures, arms, rows } = result;
  const figureColumns: Column<StudyFigure>[] = [
    { title: 'task', value: ({ task }) => task, flexible: 'cut' },
    { title: 'metric', value: (figure) => `${figure.metric} ${showDirection(figure)}` },
    { title: 'n', value: ({ n }) => String(n), align: 'right' },
    ...arms.map(
      ({ name }, i): Column<StudyFigure> => ({
        title: name,
        value: ({ arms: cells, unit }) => {
          const { mean, spread } = cells[i]!;
          return `${showFigure(mean, unit)}${spread === null ? '' : ` ± ${showFigure(spread, unit)}`}`;
        },
        align: 'right',
      }),
    ),
  ];
  const options = { width, heading: colours.dim };
  return [
    claimText(claim, colours),
    table(figures, figureColumns, options),
    rows.length === 0 ? '' : table(rows, rowColumns(result, colours), options),
    worse(result),
    result.requirements
      .map(({ outcome, model, requirement, why }) => {
        const paint = outcome === 'passed' ? colours.green : colours.red;
        return `${paint(outcome)}  ${model}, ${requirement}: ${why}`;
      })
      .join('\n'),
    result.remarks.join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function claimText({ isClaim, why }: StudyResult['claim'], colours: Output['colours']): string {
  if (isClaim) return colours.bold('This is a claim about methods by the rule.');
  return [colours.bold('This is not a claim about methods by the rule:'), ...why.map((one) => `- ${one}`)].join('\n');
}

function rowColumns({ rows, baseline }: StudyResult, colours: Output['colours']): Column<StudyRow>[] {
  const paints: Readonly<Record<string, Paint>> = {
    improved: colours.green,
    regressed: colours.red,
    invalid: colours.red,
  };
  const plain: Paint = (text) => text;
  const plot = forest(rows);
  return [
    { title: 'arm', value: ({ arm }) => arm },
    { title: 'task', value: ({ task }) => task, flexible: 'cut' },
    { title: 'metric', value: (row) => `${row.metric} ${showDirection(row)}` },
    { title: `Δ to ${baseline}`, value: showJudgedChange, align: 'right' },
    { title: `${' '.repeat(half)}0`, value: plot },
    { title: 'p (Holm)', value: ({ adjusted }) => showP(adjusted), align: 'right' },
    { title: 'verdict', value: ({ verdict }) => verdict, paint: ({ verdict }) => paints[verdict] ?? plain },
  ];
}

const half = 10;

/** Intervals around a line of no change, each unit on a scale of its own. */
export function forest(rows: readonly StudyRow[]): (row: StudyRow) => string {
  const reach = (unit: StudyRow['unit']) =>
    Math.max(
      ...rows
        .filter((row) => row.unit === unit)
        .flatMap((row) => {
          const { value, interval } = judgedChange(row);
          return [value, interval?.low, interval?.high].map((end) => Math.abs(end ?? 0));
        }),
    );
  return (row) => {
    const { value, interval } = judgedChange(row);
    if (value === null) return '';
    const scale = half / (reach(row.unit) || 1);
    const at = (end: number) => half + Math.round(end * scale);
    const cells = Array.from<unknown, string>({ length: 2 * half + 1 }, (_, i) => (i === half ? '┊' : ' '));
    if (interval) for (let i = at(interval.low); i <= at(interval.high); i++) cells[i] = i === half ? '┼' : '─';
    cells[at(value)] = '●';
    return cells.join('').trimEnd();
  };
}

function worse({ arms, rows, baseline }: StudyResult): string {
  const lines = arms
    .filter(({ name }) => name !== baseline)
    .flatMap(({ name }) =>
      worseFirst(rows.filter(({ arm }) => arm === name)).map((row) => {
        const word = row.verdict === 'regressed' ? 'regressed' : 'perhaps  ';
        return `${word} ${row.task} ${row.metric}, ${baseline} → ${name}: ${showJudgedChange(row)}`;
      }),
    );
  return lines.length === 0 ? 'Nothing that was measured got worse.' : `What got worse\n${lines.join('\n')}`;
}
