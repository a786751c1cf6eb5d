import type { EvaluationResult } from '../results/evaluation.ts';
import { escapeHtml } from './escape-html.ts';
import { showFigure } from './figures.ts';
import { type ScorecardRow, scorecardRows } from './view.ts';

/** Figures of the parts of a task, such as its subjects, folded away: they have few documents each, and no verdicts. */
export function strataTables(result: EvaluationResult): string {
  const tables = scorecardRows(result).flatMap((row) => (partsOf(row).length === 0 ? [] : [strataTable(result, row)]));
  return tables.length === 0 ? '' : `<section><h2>By part of a task</h2>${tables.join('\n')}</section>`;
}

function partsOf({ cells }: ScorecardRow): readonly string[] {
  return (cells.find((cell) => cell !== undefined)?.figure.strata ?? []).map(({ name }) => name);
}

function strataTable({ models }: EvaluationResult, row: ScorecardRow): string {
  const title = `${row.task} ${row.metric}`;
  const head = ['part', 'n', ...models.map(({ id }) => id)].map((text) => `<th scope="col">${escapeHtml(text)}</th>`);
  const body = partsOf(row).map((part) => {
    const figures = row.cells.map((cell) => cell?.figure.strata?.find(({ name }) => name === part));
    const n = figures.find((figure) => figure !== undefined)?.n ?? 0;
    const shown = figures.map((figure) => `<td>${escapeHtml(showFigure(figure?.value ?? null, row.unit))}</td>`);
    return `<tr><th scope="row">${escapeHtml(part)}</th><td>${n}</td>${shown.join('')}</tr>`;
  });
  return `<details><summary>${escapeHtml(title)}</summary><div class="scroll"><table><caption>${escapeHtml(title)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div></details>`;
}
