import { showDirection, showFigure, showJudgedChange, showP, worseFirst } from '../../evaluate/index.ts';
import { escapeHtml } from '../../evaluate/report/escape-html.ts';
import { forestPlot } from '../../evaluate/report/forest-plot.ts';
import { styleSheet } from '../../evaluate/report/style-sheet.ts';
import type { StudyRow } from '../compare-arms.ts';
import type { StudyFigure, StudyResult } from '../result.ts';
import { reasonOf, seedsText } from './markdown.ts';
import { seedPlots } from './seed-plot.ts';
import { sweepPlots } from './sweep-plot.ts';
import { armFacts, claimRule, claimWords, comparisonsOf, readWords, showArmFigure } from './words.ts';

/** The result as one HTML file that opens from disk: its style and its plots are in it, and nothing is fetched. */
export function renderStudyHtml(result: StudyResult): string {
  const title = escapeHtml(`Study: ${result.name}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="facts">${escapeHtml(`training seeds ${result.seeds.join(', ')} · compared with ${result.baseline}`)}</p>
${claim(result)}
${worse(result)}
${requirements(result)}
${comparisonsOf(result).map(forestPlot).join('\n')}
${figureTable(result)}
${rowTable(result)}
${seedPlots(result)}
${sweepPlots(result)}
${list(
  'Arms',
  result.arms.map((arm) => `${arm.name}: ${armFacts(arm)}`),
)}
${list('Remarks', result.remarks)}
${details(result)}
${list('How it was measured', [
  `Plan ${result.plan.slice(0, 12)}, written before the first run.`,
  readWords(result),
  `A claim needs: ${claimRule}.`,
])}
</main>
</body>
</html>
`;
}

function claim(result: StudyResult): string {
  const { sentence, reasons } = claimWords(result);
  if (reasons.length === 0) return `<p><strong>${escapeHtml(sentence)}</strong></p>`;
  return `<div class="notice">${escapeHtml(sentence)}<ul>${reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')}</ul></div>`;
}

function worse(result: StudyResult): string {
  const comparisons = comparisonsOf(result);
  if (comparisons.length === 0) return '';
  const items = comparisons.flatMap(({ before, after, rows }) =>
    worseFirst(rows).map((row) => {
      const word = row.verdict === 'regressed' ? mark('regressed') : '<span class="quiet">perhaps</span>';
      return `<li>${word} <strong>${escapeHtml(`${row.task} ${row.metric}`)}</strong>, ${escapeHtml(`${before} → ${after}: ${showJudgedChange(row)}`)}</li>`;
    }),
  );
  const body = items.length === 0 ? '<p>Nothing that was measured.</p>' : `<ul>${items.join('')}</ul>`;
  return `<section class="worse"><h2>What got worse</h2>${body}</section>`;
}

function requirements({ requirements: all }: StudyResult): string {
  if (all.length === 0) return '';
  const items = all.map(
    ({ model, requirement, outcome, why }) =>
      `<li>${mark(outcome)} ${escapeHtml(model)} <code>${escapeHtml(requirement)}</code> <span class="quiet">${escapeHtml(why)}</span></li>`,
  );
  return `<section><h2>Requirements</h2><ul>${items.join('')}</ul></section>`;
}

/** A word that colour only underlines. */
function mark(word: string): string {
  return `<span class="verdict ${word.replaceAll(' ', '-')}">${escapeHtml(word)}</span>`;
}

function figureTable({ figures, arms }: StudyResult): string {
  const rows = figures.map((figure) => ({
    name: measure(figure),
    cells: [String(figure.n), ...figure.arms.map((arm) => escapeHtml(showArmFigure(arm, figure.unit)))],
  }));
  const heads = ['measure', 'documents', ...arms.map(({ name }) => name)];
  return table('Figures', 'Mean over seeds ± their standard deviation; shares in per cent', heads, rows);
}

function rowTable({ rows, baseline }: StudyResult): string {
  if (rows.length === 0) return '';
  const heads = ['arm and measure', 'seeds', `Δ to ${baseline}`, 'p (Holm)', 'detectable', 'verdict'];
  const body = rows.map((row) => ({
    name: `${escapeHtml(row.arm)} ${measure(row)}`,
    cells: [
      escapeHtml(seedsText(row)),
      escapeHtml(showJudgedChange(row)),
      escapeHtml(showP(row.adjusted)),
      escapeHtml(showFigure(row.detectable, row.unit)),
      `${mark(row.verdict)}${reasonOf(row) === '' ? '' : `<div class="remark">${escapeHtml(reasonOf(row))}</div>`}`,
    ],
  }));
  const caption = 'Differences of means over seeds, with intervals that resample seeds and documents';
  return table('Differences', caption, heads, body);
}

function measure(row: StudyFigure | StudyRow): string {
  const about = 'about' in row ? `<div class="about">${escapeHtml(row.about)}</div>` : '';
  return `<span class="task">${escapeHtml(row.task)}</span> ${escapeHtml(`${row.metric} ${showDirection(row)}`)}${about}`;
}

interface TableRow {
  readonly name: string;
  readonly cells: readonly string[];
}

/** On a narrow screen each row becomes a card, whose lines name their columns. */
function table(title: string, caption: string, heads: readonly string[], rows: readonly TableRow[]): string {
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map(({ name, cells }) => {
    const data = cells.map((cell, i) => `<td data-label="${escapeHtml(heads[i + 1]!)}"><div>${cell}</div></td>`);
    return `<tr><th scope="row">${name}</th>${data.join('')}</tr>`;
  });
  return `<section><h2>${escapeHtml(title)}</h2><div class="scroll"><table class="figures"><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div></section>`;
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<section><h2>${escapeHtml(title)}</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul></section>`;
}

function details({ details: all }: StudyResult): string {
  if (all.length === 0) return '';
  return `<details><summary>${all.length} remarks on single models</summary><ul>${all.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul></details>`;
}
