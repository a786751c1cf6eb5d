import { type Outcome, outcomes } from '../../scoring/index.ts';
import type { TaskResult } from '../results/task-result.ts';
import { escapeHtml } from './escape-html.ts';

/** How many answers of each task and model are correct, incorrect, abstained and unparseable, as stacked bars. */
export function outcomeBars(results: readonly TaskResult[]): string {
  const known = results.filter(({ outcomes: counts, n }) => counts !== null && n > 0);
  if (known.length === 0) return '';
  const legend = outcomes.map((name) => `<li><span class="swatch ${name}"></span>${name}</li>`).join('');
  const tasks = [...new Set(known.map(({ task }) => task))].map((task) => {
    const bars = known.filter((one) => one.task === task).map(bar);
    return `<li><span class="name">${escapeHtml(task)}</span><ul>${bars.join('')}</ul></li>`;
  });
  return `<section><h2>What became of the answers</h2><ul class="legend">${legend}</ul><ul class="outcomes">${tasks.join('')}</ul></section>`;
}

function bar({ outcomes: counts, model, task, n }: TaskResult): string {
  const total = outcomes.reduce((sum, name) => sum + counts![name], 0);
  const described = `${task}, ${model}: ${outcomes.map((name) => `${counts![name]} ${name}`).join(', ')} of ${n}`;
  let at = 0;
  const parts = outcomes.map((name) => {
    const part = segment(name, counts![name], at, total);
    at += counts![name];
    return part;
  });
  return `<li><span class="model">${escapeHtml(model)}</span><svg class="bar" role="img" aria-label="${escapeHtml(described)}">${parts.join('')}</svg><span class="quiet">${n}</span></li>`;
}

function segment(name: Outcome, count: number, before: number, total: number): string {
  if (count === 0) return '';
  const share = (part: number) => `${((100 * part) / total).toFixed(2)}%`;
  return `<rect class="${name}" x="${share(before)}" width="${share(count)}" height="100%"><title>${count} ${name}</title></rect>`;
}
