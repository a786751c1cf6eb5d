import type { EvaluationResult } from '../results/evaluation.ts';
import type { ScoredItem } from '../results/scored-item.ts';
import type { TaskRun } from '../results/task-result.ts';
import { requestText } from '../runner/overlap.ts';
import { escapeHtml } from './escape-html.ts';

/** Documents of either kind that are shown; samples.jsonl holds them all. */
const shownEach = 10;
const longestText = 400;

/** For each task the documents whose headline score changed, the fixed ones first, with both answers. */
export function changedItems({ comparisons, models }: EvaluationResult, runs: readonly TaskRun[]): string {
  const sections = comparisons.flatMap(({ before, after, rows }) =>
    [...new Set(rows.map(({ task }) => task))].flatMap((task) => {
      const row = rows.find((one) => one.task === task && one.fixed !== null);
      if (!row) return [];
      const itemsOf = (model: string) =>
        new Map(
          runs
            .find((run) => run.model === model && run.planned.task.name === task)
            ?.items.map((item) => [item.docId, item]),
        );
      const [x, y] = [itemsOf(before), itemsOf(after)];
      const show = (word: string, docs: readonly number[]) =>
        docs
          .slice(0, shownEach)
          .map((doc) => changed(word, x.get(doc)!, y.get(doc)!, before, after))
          .join('');
      const id =
        comparisons.length === 1 || after === models[1]?.id ? ` id="changed-${task.replaceAll(/[^\w-]/g, '-')}"` : '';
      const more =
        row.fixed!.length > shownEach || row.broken!.length > shownEach
          ? `<p class="quiet">The first ${shownEach} of each kind; samples.jsonl holds all.</p>`
          : '';
      return [
        `<details${id}><summary>${escapeHtml(`${task} ${row.metric}, ${before} → ${after}`)}: ${row.fixed!.length} fixed, ${row.broken!.length} broken</summary>${more}${show('fixed', row.fixed!)}${show('broken', row.broken!)}</details>`,
      ];
    }),
  );
  return sections.length === 0 ? '' : `<section><h2>Documents that changed</h2>${sections.join('\n')}</section>`;
}

function changed(word: string, before: ScoredItem, after: ScoredItem, beforeId: string, afterId: string): string {
  const prompt = requestText(before.request);
  const lines = [
    `<p><strong>${word}</strong> document ${before.docId}${before.target === null ? '' : `, target ${escapeHtml(short(before.target))}`}</p>`,
    `<pre>${escapeHtml(prompt.length > longestText ? `…${prompt.slice(-longestText)}` : prompt)}</pre>`,
    `<p class="quiet">${escapeHtml(beforeId)}</p><pre>${escapeHtml(answerOf(before))}</pre>`,
    `<p class="quiet">${escapeHtml(afterId)}</p><pre>${escapeHtml(answerOf(after))}</pre>`,
  ];
  return lines.join('');
}

function answerOf({ response, prediction, outcome }: ScoredItem): string {
  const text = response.kind === 'generate' ? response.text : (prediction ?? '');
  return `${short(text)}${outcome === null ? '' : `\n(${outcome})`}`;
}

function short(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
