import { axes } from '../metric.ts';
import { worseFirst } from '../results/compare.ts';
import type { EvaluationResult, ReportedEvaluation } from '../results/evaluation.ts';
import { atAGlance } from './at-a-glance.ts';
import { axisTable } from './axis-table.ts';
import { changedItems } from './changed-items.ts';
import { escapeHtml } from './escape-html.ts';
import { factsOf } from './facts.ts';
import { showJudgedChange } from './figures.ts';
import { forestPlot } from './forest-plot.ts';
import { forgettingTables } from './forgetting-table.ts';
import { forgottenBy } from './forgotten.ts';
import { outcomeBars } from './outcome-bars.ts';
import { provenance } from './provenance.ts';
import { strataTables } from './strata.ts';
import { styleSheet } from './style-sheet.ts';
import { axisTitles, neverRun, type ScorecardRow, scorecardRows } from './view.ts';

/** The scorecard as one HTML file that opens from disk: its style and its plots are in it, and nothing is fetched. */
export function renderHtml({ result, runs }: ReportedEvaluation): string {
  const rows = scorecardRows(result);
  const title = `Scorecard: ${result.models.map(({ id }) => id).join(' → ')}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="facts">${escapeHtml(factsOf(result).join(' · '))}</p>
${result.partial ? '<p class="notice">Partial: it was stopped before all documents were answered.</p>' : ''}
${worse(result)}
${requirements(result)}
${skipped(result)}
<section><h2>At a glance</h2>${atAGlance(result, rows)}</section>
${result.comparisons.map(forestPlot).join('\n')}
${axisSections(result, rows)}
${outcomeBars(result.results)}
${strataTables(result)}
${changedItems(result.comparisons, runs)}
${list('Remarks', result.warnings)}
${provenance(result)}
</main>
</body>
</html>
`;
}

function worse({ comparisons, models }: EvaluationResult): string {
  const reported = forgottenBy(models).map(
    ({ model, name, change }) =>
      `<li>${mark('regressed')} <strong>${escapeHtml(name)}</strong> <span class="quiet">${axisTitles.forgetting}</span>, by the report of the run ${escapeHtml(model)}: ${escapeHtml(change)}</li>`,
  );
  if (comparisons.length === 0 && reported.length === 0) return '';
  const lines = (proven: boolean) =>
    comparisons.flatMap(({ before, after, rows }) =>
      worseFirst(rows)
        .filter(({ verdict }) => (verdict === 'regressed') === proven)
        .map(
          (row) =>
            `<li>${proven ? mark('regressed') : '<span class="quiet">perhaps</span>'} <strong>${escapeHtml(`${row.task} ${row.metric}`)}</strong> <span class="quiet">${escapeHtml(axisTitles[row.axis])}</span>, ${escapeHtml(`${before} → ${after}`)}: ${escapeHtml(showJudgedChange(row))}</li>`,
        ),
    );
  const [proven, perhaps] = [[...lines(true), ...reported], lines(false)];
  const body =
    proven.length === 0 ? '<p>Nothing that was measured is proven to be worse.</p>' : `<ul>${proven.join('')}</ul>`;
  const rest =
    perhaps.length === 0
      ? ''
      : `<details><summary>${perhaps.length} more went the wrong way, by no more than chance explains</summary><ul>${perhaps.join('')}</ul></details>`;
  return `<section class="worse"><h2>What got worse</h2>${body}${rest}</section>`;
}

function requirements({ requirements: all }: EvaluationResult): string {
  if (all.length === 0) return '';
  const items = all.map(
    ({ requirement, outcome, why }) =>
      `<li>${mark(outcome)} <code>${escapeHtml(requirement)}</code> <span class="quiet">${escapeHtml(why.replace(`${requirement}: `, ''))}</span></li>`,
  );
  return `<section><h2>Requirements</h2><ul>${items.join('')}</ul></section>`;
}

/** Tasks that have no row anywhere below; the others say it in their row. */
function skipped(result: EvaluationResult): string {
  const items = neverRun(result).map(
    ({ task, model, why }) =>
      `<li>${mark('not run')} <strong>${escapeHtml(task)}</strong> with ${escapeHtml(model)}: ${escapeHtml(why)}</li>`,
  );
  return items.length === 0 ? '' : `<section><h2>Not run</h2><ul>${items.join('')}</ul></section>`;
}

/** A word that colour only underlines. */
function mark(word: string): string {
  return `<span class="verdict ${word.replaceAll(' ', '-')}">${escapeHtml(word)}</span>`;
}

function axisSections(result: EvaluationResult, rows: readonly ScorecardRow[]): string {
  return axes
    .flatMap((axis) => {
      const own = rows.filter((row) => row.axis === axis);
      const reported = axis === 'forgetting' ? forgettingTables(result) : '';
      if (own.length > 0) return [axisTable(result, axis, own), reported];
      return reported === '' ? [] : [`<section id="axis-${axis}"><h2>${axisTitles[axis]}</h2>${reported}</section>`];
    })
    .join('\n');
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<section><h2>${escapeHtml(title)}</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul></section>`;
}
