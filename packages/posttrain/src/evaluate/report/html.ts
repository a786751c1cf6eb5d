import { worseFirst } from '../results/compare.ts';
import type { Evaluation, EvaluationResult } from '../results/evaluation.ts';
import { changedItems } from './changed-items.ts';
import { escapeHtml } from './escape-html.ts';
import { showChange, showFigure, showInterval, showP } from './figures.ts';
import { forestPlot } from './forest-plot.ts';
import { outcomeBars } from './outcome-bars.ts';
import { strataTables } from './strata.ts';
import { styleSheet } from './style-sheet.ts';
import { axisTitles, type ScorecardRow, scorecardRows } from './view.ts';

/** The scorecard as one HTML file that opens from disk: its style and its plots are in it, and nothing is fetched. */
export function renderHtml({ result, runs }: Evaluation): string {
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
<p class="facts">${escapeHtml(factsOf(result))}</p>
${result.partial ? '<p class="notice">Partial: it was stopped before all documents were answered.</p>' : ''}
${worse(result)}
${requirements(result)}
${result.comparisons.map(forestPlot).join('\n')}
${axisSections(result, rows)}
${outcomeBars(result.results)}
${strataTables(result)}
${changedItems(result, runs)}
${list('Remarks', result.warnings)}
${provenance(result)}
</main>
</body>
</html>
`;
}

function factsOf({ comparisons, limit, seed, models }: EvaluationResult): string {
  const dtypes = [...new Set(models.map(({ fingerprint }) => fingerprint.dtype))].join(', ');
  const documents = limit === null ? 'all documents' : `at most ${limit} documents of each task`;
  return [
    ...(comparisons.length > 0 ? ['identical documents in all columns'] : []),
    documents,
    `seed ${seed}`,
    dtypes,
  ].join(' · ');
}

function worse({ comparisons }: EvaluationResult): string {
  if (comparisons.length === 0) return '';
  const items = comparisons.flatMap(({ before, after, rows }) =>
    worseFirst(rows).map((row) => {
      const change = `${showChange(row.difference.value, row.unit)} ${showInterval(row.difference.interval, row.unit)}`;
      const word = row.verdict === 'regressed' ? verdictMark('regressed') : 'perhaps';
      return `<li>${word} <strong>${escapeHtml(`${row.task} ${row.metric}`)}</strong>, ${escapeHtml(`${before} → ${after}`)}: ${escapeHtml(change)}</li>`;
    }),
  );
  const body = items.length === 0 ? '<p>Nothing that was measured.</p>' : `<ul>${items.join('')}</ul>`;
  return `<section><h2>What got worse</h2>${body}</section>`;
}

function requirements({ requirements: all }: EvaluationResult): string {
  if (all.length === 0) return '';
  const items = all.map(
    ({ requirement, outcome, why }) =>
      `<li>${verdictMark(outcome)} <code>${escapeHtml(requirement)}</code> <span class="quiet">${escapeHtml(why)}</span></li>`,
  );
  return `<section><h2>Requirements</h2><ul>${items.join('')}</ul></section>`;
}

/** A word that colour only underlines. */
function verdictMark(word: string): string {
  return `<span class="verdict ${word.replaceAll(' ', '-')}">${escapeHtml(word)}</span>`;
}

function axisSections(result: EvaluationResult, rows: readonly ScorecardRow[]): string {
  return [...new Set(rows.map(({ axis }) => axis))]
    .map((axis) =>
      axisTable(
        result,
        axisTitles[axis],
        rows.filter((row) => row.axis === axis),
      ),
    )
    .join('\n');
}

function axisTable({ models, comparisons }: EvaluationResult, title: string, rows: readonly ScorecardRow[]): string {
  const heads = [
    ...['task', 'metric', 'n'],
    ...models.map(({ id }) => id),
    ...['chance', 'majority'],
    ...comparisons.flatMap(({ after }) => [`Δ ${after} [95 %]`, 'fixed / broken', 'p (Holm)', 'verdict']),
  ];
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  return `<section><h2>${escapeHtml(title)}</h2><div class="scroll"><table><caption>${escapeHtml(title)}: shares in per cent, differences in points</caption>
<thead><tr>${head}</tr></thead><tbody>${rows.map(tableRow).join('')}</tbody></table></div></section>`;
}

function tableRow(row: ScorecardRow): string {
  const direction = row.higherIsBetter
    ? '<span title="higher is better">↑</span>'
    : '<span title="lower is better">↓</span>';
  const figures = row.cells.map((one) => {
    if (!one) return '<td>–</td>';
    const remarks = one.remarks.length === 0 ? '' : `<div class="remark">${escapeHtml(one.remarks.join(' · '))}</div>`;
    const clean =
      one.figure.clean && one.result.overlap
        ? `<div class="remark">${escapeHtml(`${showFigure(one.figure.clean.value, row.unit)} without them`)}</div>`
        : '';
    return `<td class="${one.remarks.length > 0 ? 'marked' : ''}">${escapeHtml(showFigure(one.figure.value, row.unit))} <span class="quiet">${escapeHtml(showInterval(one.figure.interval, row.unit))}</span>${remarks}${clean}</td>`;
  });
  const compared = row.compared.map((one) => {
    if (!one) return '<td>–</td><td>–</td><td>–</td><td>–</td>';
    const { value, interval } = one.difference;
    const counts =
      one.fixed === null ? '–' : `<a href="#${changeAnchor(row)}">${one.fixed.length} / ${one.broken!.length}</a>`;
    return `<td>${escapeHtml(showChange(value, row.unit))} <span class="quiet">${escapeHtml(showInterval(interval, row.unit))}</span></td><td>${counts}</td><td>${escapeHtml(showP(one.adjusted))}</td><td title="${escapeHtml(one.why)}">${verdictMark(one.verdict)}</td>`;
  });
  const n = row.cells.find((one) => one !== undefined)?.figure.n ?? 0;
  return `<tr><th scope="row">${escapeHtml(row.task)}</th><td><span title="${escapeHtml(row.about)}">${escapeHtml(row.metric)}</span> ${direction}</td><td>${n}</td>${figures.join('')}<td>${escapeHtml(showFigure(row.chance, row.unit))}</td><td>${escapeHtml(showFigure(row.majority, row.unit))}</td>${compared.join('')}</tr>`;
}

const changeAnchor = ({ task }: ScorecardRow) => `changed-${task.replaceAll(/[^\w-]/g, '-')}`;

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<section><h2>${escapeHtml(title)}</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul></section>`;
}

function provenance({ models, results, overlapWith }: EvaluationResult): string {
  const tasks = [...new Map(results.map((result) => [result.task, result] as const)).values()];
  const taskItems = tasks.map(
    ({ task, version, about, split, planned, of, data }) =>
      `<li><strong>${escapeHtml(task)}</strong> version ${version}: ${escapeHtml(about)} Documents: ${escapeHtml(split)}; ${planned} of ${of}. ${data
        .slice(0, 3)
        .map(({ file, sha256 }) => `<code>${escapeHtml(file)} ${sha256.slice(0, 12)}</code>`)
        .join(' ')}${data.length > 3 ? ` and ${data.length - 3} more files` : ''}</li>`,
  );
  const modelItems = models.map(
    ({ id, fingerprint: { weights, tokenizer, template, dtype, engine } }) =>
      `<li><strong>${escapeHtml(id)}</strong>: weights <code>${escapeHtml(weights.slice(0, 12))}</code>, tokenizer <code>${escapeHtml(tokenizer.slice(0, 12))}</code>, template <code>${escapeHtml(template?.slice(0, 12) ?? 'none')}</code>, ${escapeHtml(`${dtype}, ${engine}`)}</li>`,
  );
  const overlap =
    overlapWith === null ? '' : `<p>Documents were looked for in the training data of ${escapeHtml(overlapWith)}.</p>`;
  return `<section><h2>What was measured</h2><ul>${taskItems.join('')}</ul><ul>${modelItems.join('')}</ul>${overlap}</section>`;
}
