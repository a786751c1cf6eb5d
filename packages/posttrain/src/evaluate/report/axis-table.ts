import type { Axis } from '../metric.ts';
import type { ComparedMetric, Comparison } from '../results/compare.ts';
import type { EvaluationResult } from '../results/evaluation.ts';
import { changeAnchor } from './changed-items.ts';
import { escapeHtml } from './escape-html.ts';
import { showChange, showDirection, showFigure, showInterval, showJudgedChange, showP } from './figures.ts';
import { axisTitles, type ScorecardCell, type ScorecardRow } from './view.ts';

/** The figures of one axis. On a narrow screen each row becomes a card, whose lines name their columns. */
export function axisTable(result: EvaluationResult, axis: Axis, rows: readonly ScorecardRow[]): string {
  const { models, comparisons } = result;
  const fixed = ['measure', 'n', ...models.map(({ id }) => id), 'guessing'];
  const several = comparisons.length > 1;
  const heads = comparisons.flatMap(({ after }) => [several ? `Δ ${after}` : 'Δ', ...comparedHeads]);
  const labels = comparisons.flatMap(({ after }) =>
    ['Δ', ...comparedHeads].map((text) => (several ? `${text} ${after}` : text)),
  );
  const head = [...fixed, ...heads].map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const title = escapeHtml(axisTitles[axis]);
  const columns = [
    'measure',
    'count',
    ...models.map(() => 'value'),
    'guess',
    ...comparisons.flatMap(() => ['value', 'changes', 'p', 'word']),
  ];
  const width = columns.reduce((sum, column) => sum + rems[column]!, 0);
  return `<section id="axis-${axis}"><h2>${title}</h2><div class="scroll"><table class="figures" style="--width:${width}rem"><caption>${title}: shares in per cent, differences in points</caption>
<colgroup>${columns.map((column) => `<col style="width:${rems[column]}rem">`).join('')}</colgroup><thead><tr>${head}</tr></thead><tbody>${rows.map((row) => tableRow(result, row, [...fixed, ...labels])).join('')}</tbody></table></div></section>`;
}

/** Least widths of columns, so that all tables of the page stand in line. */
const rems: Readonly<Record<string, number>> = {
  measure: 18,
  count: 3.5,
  value: 8,
  guess: 7.5,
  changes: 5,
  p: 4.5,
  word: 8,
};

const comparedHeads = ['fixed / broken', 'p (Holm)', 'verdict'];

function tableRow({ comparisons }: EvaluationResult, row: ScorecardRow, labels: readonly string[]): string {
  const n = row.cells.find((one) => one !== undefined)?.figure.n ?? 0;
  const columns = [
    { body: String(n) },
    ...row.cells.map((one, i) => figureColumn(one, row, i)),
    { body: guessing(row) },
    ...row.compared.flatMap((one, i) => comparedColumns(one, comparisons[i]!)),
  ];
  const cells = columns.map(
    ({ body, ...more }, i) =>
      `<td data-label="${escapeHtml(labels[i + 1]!)}"${'mark' in more && more.mark ? ' class="marked"' : ''}><div>${body}</div></td>`,
  );
  const against = row.against === null ? '' : ` <span class="against">trade-off with ${escapeHtml(row.against)}</span>`;
  return `<tr><th scope="row"><span class="task">${escapeHtml(row.task)}</span> ${escapeHtml(row.metric)} <span title="${better(row)}">${showDirection(row)}</span><div class="about">${escapeHtml(row.about)}${against}</div></th>${cells.join('')}</tr>`;
}

function better({ higherIsBetter, ideal }: ScorecardRow): string {
  return ideal === null ? (higherIsBetter ? 'higher is better' : 'lower is better') : `best at ${ideal}`;
}

function figureColumn(one: ScorecardCell | undefined, row: ScorecardRow, model: number) {
  const why = row.notRun[model];
  if (!one) {
    const body =
      why === undefined
        ? '–'
        : `<span class="verdict not-run">not run</span><div class="remark">${escapeHtml(why)}</div>`;
    return { body, mark: why !== undefined };
  }
  const { figure, result, remarks } = one;
  const clean = figure.clean && result.overlap ? [`${showFigure(figure.clean.value, row.unit)} without them`] : [];
  const notes = [...remarks, ...clean];
  const note = notes.length === 0 ? '' : `<div class="remark">${escapeHtml(notes.join(' · '))}</div>`;
  return {
    body: `${withInterval(showFigure(figure.value, row.unit), showInterval(figure.interval, row.unit))}${note}`,
    mark: notes.length > 0,
  };
}

function guessing({ chance, majority, unit }: ScorecardRow): string {
  if (chance === null && majority === null) return '–';
  const parts = [
    ...(chance === null ? [] : [`${showFigure(chance, unit)} <span class="quiet">chance</span>`]),
    ...(majority === null ? [] : [`${showFigure(majority, unit)} <span class="quiet">majority</span>`]),
  ];
  return parts.join('<br>');
}

function comparedColumns(one: ComparedMetric | undefined, comparison: Comparison) {
  if (!one) return ['–', '–', '–', '–'].map((body) => ({ body }));
  const { unit } = one;
  const { value, interval } = one.difference;
  const distance = one.distance === null ? '' : `<div class="remark">${escapeHtml(showJudgedChange(one))}</div>`;
  const counts = one.fixed === null ? '–' : `${one.fixed.length} / ${one.broken!.length}`;
  const linked =
    one.fixed === null || one.fixed.length + one.broken!.length === 0
      ? counts
      : `<a href="#${changeAnchor(comparison, one)}">${counts}</a>`;
  const detectable =
    one.detectable === null
      ? ''
      : `<div class="quiet">detectable ${escapeHtml(showFigure(one.detectable, unit))}</div>`;
  return [
    { body: withInterval(showChange(value, unit), showInterval(interval, unit)) + distance },
    { body: linked },
    { body: escapeHtml(showP(one.adjusted)) },
    {
      body: `<span class="verdict ${one.verdict.replaceAll(' ', '-')}" title="${escapeHtml(one.why)}">${escapeHtml(one.verdict)}</span>${detectable}`,
    },
  ];
}

function withInterval(figure: string, interval: string): string {
  return `<span class="figure">${escapeHtml(figure)}</span> <span class="quiet interval">${escapeHtml(interval)}</span>`;
}
