import type { EvaluationResult } from '../results/evaluation.ts';
import type { RunForgetting } from '../results/forgetting.ts';
import { escapeHtml } from './escape-html.ts';
import { showChange, showFigure, showInterval } from './figures.ts';

/** What each run said about its own forgetting when it ended, as it was told to measure it: other documents than the rows above. */
export function forgettingTables({ models }: EvaluationResult): string {
  return models.flatMap(({ id, forgetting }) => (forgetting ? [forgettingTable(id, forgetting)] : [])).join('\n');
}

function mark(verdict: string | null): string {
  if (verdict === null) return '–';
  return `<span class="verdict ${escapeHtml(verdict.replaceAll(' ', '-'))}">${escapeHtml(verdict)}</span>`;
}

function forgettingTable(model: string, { rows, why }: RunForgetting): string {
  const title = `<h3>The run's own report: ${escapeHtml(model)}</h3>`;
  const note = why === null ? '' : `<p class="quiet">${escapeHtml(why)}</p>`;
  if (rows.length === 0) return title + note;
  const body = rows.map(({ name, before, after, difference, interval, unit, verdict }) => {
    const cell = (label: string, text: string) => `<td data-label="${label}"><div>${escapeHtml(text)}</div></td>`;
    const change = `${showChange(difference, unit)} ${showInterval(interval, unit)}`.trim();
    return `<tr><th scope="row">${escapeHtml(name)}</th>${cell('before', showFigure(before, unit))}${cell('after', showFigure(after, unit))}${cell('Δ', change)}<td data-label="verdict"><div>${mark(verdict)}</div></td></tr>`;
  });
  return `${title}${note}<div class="scroll"><table class="figures"><caption>Before and after the run</caption><thead><tr><th scope="col">measure</th><th scope="col">before</th><th scope="col">after</th><th scope="col">Δ</th><th scope="col">verdict</th></tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
