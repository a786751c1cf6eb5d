import { type Outcome, outcomes } from '../../scoring/index.ts';
import type { TaskResult } from '../results/task-result.ts';
import { escapeHtml } from './escape-html.ts';

const labelWidth = 300;
const barWidth = 520;
const rowHeight = 26;

/** How many answers of each task and model are correct, incorrect, abstained and unparseable, as stacked bars. */
export function outcomeBars(results: readonly TaskResult[]): string {
  const known = results.filter(({ outcomes: counts, n }) => counts !== null && n > 0);
  if (known.length === 0) return '';
  const ordered = [...new Set(known.map(({ task }) => task))].flatMap((task) =>
    known.filter((one) => one.task === task),
  );
  const height = ordered.length * rowHeight + 4;
  const described = ordered.map((one) => `${one.task}, ${one.model}: ${describe(one)}`).join('; ');
  const legend = outcomes.map((name) => `<li><span style="background:var(--${name})"></span>${name}</li>`).join('');
  const rows = ordered.map((one, i) => bar(one, i * rowHeight)).join('');
  return `<section><h2>What became of the answers</h2><ul class="legend">${legend}</ul><svg viewBox="0 0 ${labelWidth + barWidth + 60} ${height}" width="${labelWidth + barWidth + 60}" role="img" aria-label="${escapeHtml(described)}"><title>Outcomes of answers</title>${rows}</svg></section>`;
}

function describe({ outcomes: counts, n }: TaskResult): string {
  return `${outcomes.map((name) => `${counts![name]} ${name}`).join(', ')} of ${n}`;
}

function bar(result: TaskResult, y: number): string {
  const counts = result.outcomes!;
  const total = outcomes.reduce((sum, name) => sum + counts[name], 0);
  let at = labelWidth;
  const parts = outcomes.map((name) => {
    const width = total === 0 ? 0 : (barWidth * counts[name]) / total;
    const part = segment(name, counts[name], at, y, width);
    at += width;
    return part;
  });
  const label = `${result.task} · ${result.model}`;
  const shown = label.length > 42 ? `${label.slice(0, 41)}…` : label;
  return `<text x="0" y="${y + 17}">${escapeHtml(shown)}</text>${parts.join('')}<text class="quiet" x="${labelWidth + barWidth + 8}" y="${y + 17}">${result.n}</text>`;
}

function segment(name: Outcome, count: number, x: number, y: number, width: number): string {
  if (count === 0) return '';
  return `<rect x="${x.toFixed(1)}" y="${y + 3}" width="${width.toFixed(1)}" height="${rowHeight - 7}" fill="var(--${name})"><title>${count} ${name}</title></rect>`;
}
