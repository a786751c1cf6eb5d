import { showDirection, showFigure, showJudgedChange, showP, worseFirst } from '../../evaluate/index.ts';
import type { ArmChoice } from '../choose.ts';
import type { StudyRow } from '../compare-arms.ts';
import type { StudyResult } from '../result.ts';
import { armFacts, claimRule, claimWords, comparisonsOf, readWords, showArmFigure } from './words.ts';

/** The result as Markdown. Shares are in per cent and their differences in points. */
export function renderStudyMarkdown(result: StudyResult): string {
  const sections = [
    `# Study: ${result.name}`,
    claimSection(result),
    worseSection(result),
    requirementSection(result),
    figureSection(result),
    rowSection(result),
    sweepSection(result),
    section(
      'Arms',
      result.arms.map((arm) => `**${arm.name}**: ${armFacts(arm)}`),
    ),
    section('Remarks', result.remarks),
    section('Remarks on single models', result.details),
    section('How it was measured', [
      `Training seeds ${result.seeds.join(', ')}; plan \`${result.plan.slice(0, 12)}\`, written before the first run.`,
      readWords(result),
      `A claim needs: ${claimRule}.`,
    ]),
  ];
  return `${sections.filter((part) => part !== '').join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${inline(line)}`).join('\n')}`;
}

function claimSection(result: StudyResult): string {
  const { sentence, reasons } = claimWords(result);
  const list = reasons.map((reason) => `\n- ${inline(reason)}`).join('');
  return `**${sentence}**${list === '' ? '' : `\n${list}`}`;
}

function worseSection(result: StudyResult): string {
  const comparisons = comparisonsOf(result);
  if (comparisons.length === 0) return '';
  const lines = comparisons.flatMap(({ before, after, rows }) =>
    worseFirst(rows).map((row) => {
      const word = row.verdict === 'regressed' ? '**regressed**' : 'perhaps';
      return `- ${word}: ${row.task} ${row.metric}, ${before} → ${after}: ${showJudgedChange(row)}`;
    }),
  );
  return `## What got worse\n\n${lines.length === 0 ? 'Nothing that was measured.' : lines.join('\n')}`;
}

function requirementSection({ requirements }: StudyResult): string {
  return section(
    'Requirements',
    requirements.map(({ model, requirement, outcome, why }) => `**${outcome}**: ${model}, \`${requirement}\` (${why})`),
  );
}

function figureSection({ figures, arms }: StudyResult): string {
  const head = ['task', 'metric', 'n', ...arms.map(({ name }) => name)];
  const body = figures.map((figure) => [
    figure.task,
    `${figure.metric} ${showDirection(figure)}`,
    String(figure.n),
    ...figure.arms.map((arm) => showArmFigure(arm, figure.unit)),
  ]);
  return `## Figures\n\nMean over seeds ± their standard deviation.\n\n${table(head, body)}`;
}

function rowSection({ rows, baseline }: StudyResult): string {
  if (rows.length === 0) return '';
  const head = [
    'arm',
    'task',
    'metric',
    'seeds',
    `Δ to ${baseline} [95 %]`,
    'p (Holm)',
    'detectable',
    'verdict',
    'why',
  ];
  const body = rows.map((row) => [
    row.arm,
    row.task,
    `${row.metric} ${showDirection(row)}`,
    seedsText(row),
    showJudgedChange(row),
    showP(row.adjusted),
    showFigure(row.detectable, row.unit),
    row.verdict,
    reasonOf(row),
  ]);
  return `## Differences\n\n${table(head, body)}`;
}

/** Why a row has its verdict, where the columns beside do not say it. */
export function reasonOf({ why }: Pick<StudyRow, 'why'>): string {
  return why.startsWith('[') ? '' : why;
}

/** Training seeds on either side; a control has none. */
export function seedsText({ seedsBefore, seedsAfter }: Pick<StudyRow, 'seedsBefore' | 'seedsAfter'>): string {
  return `${seedsBefore ?? '–'} / ${seedsAfter ?? '–'}`;
}

function sweepSection({ arms }: StudyResult): string {
  const choices = arms.flatMap(({ choice }) => (choice ? [choice] : []));
  if (choices.length === 0) return '';
  return `## Sweeps\n\nDecided on development documents, on one seed.\n\n${choices.map(sweepTable).join('\n\n')}`;
}

function sweepTable({ arm, point, figures, ...reading }: ArmChoice): string {
  const body = figures.map(({ point: name, figure, why }) => [
    name,
    showFigure(figure, reading.unit),
    name === point ? '**chosen**' : (why ?? ''),
  ]);
  return table([arm, `${reading.task} ${reading.metric} ${showDirection(reading)}`, ''], body);
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => inline(text).replaceAll('|', '\\|').trim()).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** Text that stays on its line. */
function inline(text: string): string {
  return text.replaceAll('\n', ' ');
}
