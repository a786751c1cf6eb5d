import { worseFirst } from '../results/compare.ts';
import type { EvaluationResult } from '../results/evaluation.ts';
import { factsOf } from './facts.ts';
import { showChange, showDirection, showFigure, showInterval, showJudgedChange, showP } from './figures.ts';
import { forgottenBy } from './forgotten.ts';
import { axisTitles, neverRun, type ScorecardRow, scorecardRows } from './view.ts';

/** The scorecard as Markdown. Shares are in per cent and their differences in points. */
export function renderMarkdown(result: EvaluationResult): string {
  const rows = scorecardRows(result);
  const sections = [
    heading(result),
    worseSection(result),
    requirementSection(result),
    notRunSection(result),
    ...[...new Set(rows.map(({ axis }) => axis))].map((axis) => {
      const part = rows.filter((row) => row.axis === axis);
      return `## ${axisTitles[axis]}\n\n${axisTable(result, part)}`;
    }),
    forgettingSection(result),
    remarkSection(rows, result),
    provenance(result),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function heading(result: EvaluationResult): string {
  const names = result.models.map(({ id }) => id).join(' → ');
  const notice = result.partial ? '\n\n**Partial: it was stopped before all documents were answered.**' : '';
  return `# Scorecard: ${names}\n\n${factsOf(result).join(' · ')}${notice}`;
}

function worseSection({ comparisons, models }: EvaluationResult): string {
  const lines = comparisons.flatMap(({ after, before, rows }) =>
    worseFirst(rows).map(
      (row) =>
        `- ${row.verdict === 'regressed' ? '**regressed**' : 'perhaps'}: ${row.task} ${row.metric}, ${before} → ${after}: ${showJudgedChange(row)}`,
    ),
  );
  const reported = forgottenBy(models).map(
    ({ model, name, change }) => `- **regressed**: ${name}, by the report of the run ${model}: ${change}`,
  );
  if (comparisons.length === 0 && reported.length === 0) return '';
  const all = [...reported, ...lines];
  return `## What got worse\n\n${all.length === 0 ? 'Nothing that was measured.' : all.join('\n')}`;
}

function requirementSection({ requirements }: EvaluationResult): string {
  if (requirements.length === 0) return '';
  const lines = requirements.map(
    ({ requirement, outcome, why }) =>
      `- **${outcome}**: \`${requirement}\` (${cell(why.replace(`${requirement}: `, ''))})`,
  );
  return `## Requirements\n\n${lines.join('\n')}`;
}

function notRunSection(result: EvaluationResult): string {
  const lines = neverRun(result).map(({ task, model, why }) => `- **${task}** with ${model}: ${why}`);
  return lines.length === 0 ? '' : `## Not run\n\n${lines.join('\n')}`;
}

function forgettingSection({ models }: EvaluationResult): string {
  const parts = models.flatMap(({ id, forgetting }) => {
    if (!forgetting) return [];
    const body = forgetting.rows.map(({ name, before, after, difference, interval, unit, verdict }) => [
      name,
      showFigure(before, unit),
      showFigure(after, unit),
      `${showChange(difference, unit)} ${showInterval(interval, unit)}`,
      verdict ?? '–',
    ]);
    const parts = [
      ...(body.length === 0 ? [] : [markdownTable(['measure', 'before', 'after', 'Δ', 'verdict'], body)]),
      ...(forgetting.why === null ? [] : [cell(forgetting.why)]),
    ];
    return [`## Forgetting: the report of the run ${id}\n\n${parts.join('\n\n')}`];
  });
  return parts.join('\n\n');
}

function axisTable({ models, comparisons }: EvaluationResult, rows: readonly ScorecardRow[]): string {
  const head = [
    'task',
    'metric',
    'n',
    ...models.map(({ id }) => id),
    'chance',
    'majority',
    ...comparisons.flatMap(({ after }) => [`Δ ${after} [95 %]`, 'fixed/broken', 'p (Holm)', 'detectable', 'verdict']),
  ];
  const body = rows.map((row) => [
    row.task,
    `${row.metric} ${showDirection(row)}`,
    String(row.cells.find((one) => one !== undefined)?.figure.n ?? 0),
    ...row.cells.map((one, i) =>
      one
        ? `${showFigure(one.figure.value, row.unit)} ${showInterval(one.figure.interval, row.unit)}${one.remarks.length > 0 ? ' *' : ''}`
        : row.notRun[i] === undefined
          ? '–'
          : 'not run *',
    ),
    showFigure(row.chance, row.unit),
    showFigure(row.majority, row.unit),
    ...row.compared.flatMap((one) =>
      one
        ? [
            `${showChange(one.difference.value, row.unit)} ${showInterval(one.difference.interval, row.unit)}${one.distance ? `; ${showJudgedChange(one)}` : ''}`,
            one.fixed === null ? '–' : `${one.fixed.length}/${one.broken!.length}`,
            showP(one.adjusted),
            showFigure(one.detectable, row.unit),
            one.verdict,
          ]
        : ['–', '–', '–', '–', '–'],
    ),
  ]);
  return markdownTable(head, body);
}

function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((text) => cell(text).trim()).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** Text that cannot break a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function remarkSection(rows: readonly ScorecardRow[], { warnings }: EvaluationResult): string {
  const marked = rows.some(
    ({ cells, notRun }) =>
      cells.some((one) => one && one.remarks.length > 0) || notRun.some((why) => why !== undefined),
  );
  const lines = warnings.map((warning) => `- ${warning}`);
  if (lines.length === 0) return '';
  return `## Remarks\n\n${marked ? 'They concern the figures marked with *.\n\n' : ''}${lines.join('\n')}`;
}

function provenance({ models, results, overlapWith }: EvaluationResult): string {
  const tasks = new Map(results.map((result) => [result.task, result] as const));
  const taskLines = [...tasks.values()].map(({ task, version, about, split, of, planned, data }) => {
    const files =
      data.length === 0
        ? ''
        : `; ${data.length === 1 ? `\`${data[0]!.file}\` sha256 ${data[0]!.sha256.slice(0, 12)}` : `${data.length} files`}`;
    return `- **${task}** version ${version}: ${about} Documents: ${split}; ${planned} of ${of}${files}.`;
  });
  const modelLines = models.map(({ id, fingerprint: { weights, tokenizer, template, dtype, engine } }) => {
    const short = (hash: string | null) => (hash === null ? 'none' : `\`${hash.slice(0, 12)}\``);
    return `- **${id}**: weights ${short(weights)}, tokenizer ${short(tokenizer)}, template ${short(template)}, ${dtype}, ${engine}`;
  });
  const overlap = overlapWith === null ? '' : `\n\nDocuments were looked for in the training data of ${overlapWith}.`;
  return `## What was measured\n\n${taskLines.join('\n')}\n\n${modelLines.join('\n')}${overlap}`;
}
