import type { EvaluationResult } from '../results/evaluation.ts';
import { escapeHtml } from './escape-html.ts';
import { showFigure } from './figures.ts';
import { type ScorecardRow, scorecardRows } from './view.ts';

/** Figures of the parts of a task, such as its subjects, folded away: they have few documents each, and no verdicts. */
export function strataTables(result: EvaluationResult): string {
  const rows = scorecardRows(result).filter((row) => partsOf(row).length > 0);
  const tasks = [...new Set(rows.map(({ task }) => task))].map((task) => {
    const tables = rows.filter((row) => row.task === task).map((row) => strataTable(result, row));
    return `<details><summary>${escapeHtml(task)}</summary>${tables.join('')}</details>`;
  });
  return tasks.length === 0 ? '' : `<section><h2>By part of a task</h2>${tasks.join('\n')}</section>`;
}

/** Parts to which the metric applies. */
function partsOf({ cells }: ScorecardRow): readonly string[] {
  const parts = cells.flatMap((cell) => cell?.figure.strata ?? []).filter(({ value }) => value !== null);
  return [...new Set(parts.map(({ name }) => name))];
}

function strataTable({ models }: EvaluationResult, row: ScorecardRow): string {
  const head = ['part', 'n', ...models.map(({ id }) => id)].map((text) => `<th scope="col">${escapeHtml(text)}</th>`);
  const body = partsOf(row).map((part) => {
    const figures = row.cells.map((cell) => cell?.figure.strata?.find(({ name }) => name === part));
    const n = figures.find((figure) => figure !== undefined)?.n ?? 0;
    const shown = figures.map((figure) => `<td>${escapeHtml(showFigure(figure?.value ?? null, row.unit))}</td>`);
    return `<tr><th scope="row">${escapeHtml(part)}</th><td>${n}</td>${shown.join('')}</tr>`;
  });
  return `<div class="scroll"><table><caption>${escapeHtml(row.metric)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
