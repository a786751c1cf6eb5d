import type { ComparedMetric, Comparison } from '../results/compare.ts';
import type { ScoredItem } from '../results/scored-item.ts';
import type { ScoredRun } from '../results/task-result.ts';
import { requestText } from '../runner/overlap.ts';
import { escapeHtml } from './escape-html.ts';

/** Documents of either kind that are shown, for a task's first metric and for the others; samples.jsonl holds them all. */
const shownOfHeadline = 10;
const shownOfOthers = 4;
const longestText = 400;

/** Where the documents of a row stand on the page. */
export function changeAnchor(comparison: Comparison, { task, metric }: ComparedMetric): string {
  return `changed-${[task, metric, comparison.after].join('-').replaceAll(/[^\w-]/g, '-')}`;
}

/** For each figure the documents whose score changed, the fixed ones first, with both answers. */
export function changedItems(comparisons: readonly Comparison[], runs: readonly ScoredRun[]): string {
  const sections = comparisons.flatMap((comparison) => {
    const headlines = new Map([...comparison.rows].reverse().map((row) => [row.task, row] as const));
    return comparison.rows.flatMap((row) =>
      (row.fixed?.length ?? 0) + (row.broken?.length ?? 0) === 0
        ? []
        : [section(comparison, row, headlines.get(row.task) === row ? shownOfHeadline : shownOfOthers, runs)],
    );
  });
  return sections.length === 0 ? '' : `<section><h2>Documents that changed</h2>${sections.join('\n')}</section>`;
}

function section(comparison: Comparison, row: ComparedMetric, most: number, runs: readonly ScoredRun[]): string {
  const { before, after } = comparison;
  const itemsOf = (model: string) =>
    new Map(
      runs
        .find((run) => run.model === model && run.task === row.task)
        ?.items.map((item) => [item.docId, item] as const),
    );
  const [x, y] = [itemsOf(before), itemsOf(after)];
  const [fixed, broken] = [row.fixed!, row.broken!];
  const show = (word: string, docs: readonly number[]) =>
    docs
      .slice(0, most)
      .map((doc) => changed(word, x.get(doc)!, y.get(doc)!, comparison))
      .join('');
  const more =
    fixed.length > most || broken.length > most
      ? `<p class="quiet">The first ${most} of each kind; samples.jsonl holds all.</p>`
      : '';
  // The anchor stands inside, so that a link opens what is folded away.
  return `<details><summary>${escapeHtml(`${row.task} ${row.metric}, ${before} → ${after}`)}: ${fixed.length} fixed, ${broken.length} broken</summary><div id="${changeAnchor(comparison, row)}">${more}${show('fixed', fixed)}${show('broken', broken)}</div></details>`;
}

function changed(word: string, before: ScoredItem, after: ScoredItem, ids: Comparison): string {
  const prompt = requestText(before.request);
  const target = before.target === null ? '' : `, target ${escapeHtml(short(before.target))}`;
  const lines = [
    `<p><strong class="${word}">${word}</strong> document ${before.docId}${target}</p>`,
    `<pre>${escapeHtml(prompt.length > longestText ? `…${prompt.slice(-longestText)}` : prompt)}</pre>`,
    `<div class="answers">${answer(ids.before, before)}${answer(ids.after, after)}</div>`,
  ];
  return `<div class="item">${lines.join('')}</div>`;
}

function answer(model: string, { response, prediction, outcome, why }: ScoredItem): string {
  const text = response.kind === 'generate' ? response.text : (prediction ?? '');
  const notes = [outcome, why].filter((note) => note !== null).join(': ');
  return `<div><p class="quiet">${escapeHtml(model)}${notes === '' ? '' : ` · ${escapeHtml(notes)}`}</p><pre>${escapeHtml(short(text))}</pre></div>`;
}

function short(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
