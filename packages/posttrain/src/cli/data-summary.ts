import type { DataReport, JudgementReport, RowLedger, SourceReport } from '../data/index.ts';
import { formatCount } from '../support/terminal/format.ts';
import { shownPath } from './shown-path.ts';

type LedgerName = { [K in keyof SourceReport]-?: SourceReport[K] extends RowLedger ? K : never }[keyof SourceReport];

/** What each kind of change means to a person. Every ledger of the report has its line: nothing happens to a row unseen. */
const ledgers: Readonly<Record<LedgerName, string>> = {
  dropped: 'left out as longer than maxTokens',
  cut: 'cut to maxTokens',
  split: 'split into several rows',
  noLoss: 'left out as nothing in them bears loss',
  controlStrings: 'spell control tokens',
  splitAtPrompt: 'encoded in two parts, as tokens would run over the end of the prompt',
  perTurn: 'became a row for each assistant turn, as the template rewrites history',
  promptDiffers: 'train after another prompt than serving would give',
};

/** How many rows there are, and what became of those that are not used as they stand. */
export function describeData(report: DataReport): string[] {
  const lines = report.sources.flatMap((source) => describeSource(source, report.maxTokens));
  if (report.validation) lines.push(...describeSource(report.validation, report.maxTokens));
  if (report.validationRows > 0) {
    lines.push(`held out: ${formatCount(report.validationRows)} rows, ${formatCount(report.validationTokens)} tokens`);
  }
  return lines;
}

function describeSource(source: SourceReport, maxTokens: number): string[] {
  const { tokens, lossTokens, longest, heldOut } = source;
  const counts = `${formatCount(tokens)} tokens, ${formatCount(lossTokens)} bear loss, longest row ${formatCount(longest)} of ${formatCount(maxTokens)}`;
  const notes = (Object.entries(ledgers) as [LedgerName, string][]).flatMap(([name, meaning]) => {
    const { count, rows: listed } = source[name];
    const [first] = listed;
    if (count === 0) return [];
    return [`  ${meaning}: ${formatCount(count)}${first ? `, first ${shownPath(first.file)}:${first.line}` : ''}`];
  });
  if (source.judgements) notes.push(...describeJudgements(source.judgements));
  if (source.duplicates > 0) notes.push(`  repeat an earlier row: ${formatCount(source.duplicates)}`);
  if (heldOut > 0) notes.push(`  held out: ${formatCount(heldOut)}`);
  for (const [key, count] of Object.entries(source.ignoredKeys)) {
    notes.push(`  have a key "${key}", which nothing reads: ${formatCount(count)}`);
  }
  for (const file of source.skippedFiles) notes.push(`  not read, of no known kind: ${shownPath(file)}`);
  return [`${shownPath(source.path)}: ${describeUnits(source)}, ${counts}`, ...notes];
}

/** How much of the file is trained on, in what training sees of it. */
function describeUnits({ read, used, judgements }: SourceReport): string {
  if (judgements) return `${formatCount(used)} ${judgements.as} from ${formatCount(read)} judgements`;
  return used === read ? `${formatCount(read)} rows` : `${formatCount(used)} of ${formatCount(read)} rows`;
}

function describeJudgements({ ties, unused, betterTokens, worseTokens, same }: JudgementReport): string[] {
  const [first] = same.rows;
  const notes = [
    `  mean length: ${betterTokens.toFixed(1)} tokens of better answers, ${worseTokens.toFixed(1)} of worse ones`,
  ];
  if (ties > 0) notes.push(`  ties, which nothing learns from: ${formatCount(ties)}`);
  if (unused > 0) notes.push(`  give nothing to learn: ${formatCount(unused)}`);
  if (first)
    notes.push(
      `  left out as both answers are the same tokens: ${formatCount(same.count)}, first ${shownPath(first.file)}:${first.line}`,
    );
  return notes;
}
