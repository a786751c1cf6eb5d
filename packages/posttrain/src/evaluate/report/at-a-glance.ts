import { axes } from '../metric.ts';
import type { EvaluationResult } from '../results/evaluation.ts';
import { escapeHtml } from './escape-html.ts';
import { axisTitles, type ScorecardRow } from './view.ts';

/** In the order in which a reader should worry. */
const words = ['regressed', 'invalid', 'not comparable', 'improved', 'equivalent', 'inconclusive'] as const;

/** One card for each axis with how many of its figures got better and worse. What was not measured stands there too. */
export function atAGlance(result: EvaluationResult, rows: readonly ScorecardRow[]): string {
  const cards = axes.map((axis) => {
    const own = rows.filter((row) => row.axis === axis);
    const title = escapeHtml(axisTitles[axis]);
    const skipped = result.notRun.filter((one) => one.axis === axis).length;
    const reported = axis === 'forgetting' && result.models.some(({ forgetting }) => forgetting !== null);
    const counts = [
      ...countsOf(result, own),
      ...(skipped === 0 ? [] : [mark('not run', `${skipped} not run`)]),
      ...(reported ? [mark('unmeasured', 'reported by the run')] : []),
    ];
    if (own.length > 0 || reported) return `<li><a href="#axis-${axis}">${title}</a>${counts.join('')}</li>`;
    return `<li class="unmeasured"><span>${title}</span>${counts.length > 0 ? counts.join('') : mark('unmeasured', 'not measured')}</li>`;
  });
  return `<nav aria-label="Axes"><ul class="glance">${cards.join('')}</ul></nav>`;
}

function countsOf({ comparisons }: EvaluationResult, rows: readonly ScorecardRow[]): string[] {
  if (rows.length === 0) return [];
  if (comparisons.length === 0) return [mark('unmeasured', `${rows.length} figure${rows.length === 1 ? '' : 's'}`)];
  const verdicts = rows.flatMap(({ compared }) => compared.flatMap((row) => (row ? [row.verdict] : [])));
  return words.flatMap((word) => {
    const count = verdicts.filter((verdict) => verdict === word).length;
    return count === 0 ? [] : [mark(word, `${count} ${word}`)];
  });
}

function mark(word: string, text: string): string {
  return `<span class="verdict ${word.replaceAll(' ', '-')}">${escapeHtml(text)}</span>`;
}
