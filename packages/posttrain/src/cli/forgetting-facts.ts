import type { ForgettingReport, SuiteForgetting, TextForgetting } from '../runs/index.ts';
import { formatCount } from '../support/terminal/format.ts';

/** Whether a model forgot, as lines of [label, value]: what became worse first. */
export function forgettingFacts(report: ForgettingReport | null): [string, string][] {
  if (report === null) return [];
  const { status, why, text, suite, precision } = report;
  if (status === 'begun') return [['forgetting', 'measured before the first step, and not yet after the last']];
  const rows = [text && { ...text, line: textLine(text) }, suite && { ...suite, line: suiteLine(suite) }]
    .filter((row) => row !== null)
    .sort((a, b) => Number(b.verdict === 'regressed') - Number(a.verdict === 'regressed'));
  const lines = rows.map(
    ({ line, verdict }) => `${verdict}: ${line}${precision === 'fp32' ? '' : `, in ${precision}`}`,
  );
  if (why !== null) lines.push(`${rows.length === 0 ? `not measured (${status})` : 'left out'}: ${why}`);
  return lines.map((line, i) => [i === 0 ? 'forgetting' : '', line]);
}

function textLine({ before, after, difference, windows }: TextForgetting): string {
  const change = difference === null ? '' : `, ${changeText(difference, (bits) => bits.toFixed(4))}`;
  return `${bits(before)} → ${bits(after)} bits per byte of neutral text${change}, ${formatCount(windows)} windows`;
}

function suiteLine({ before, after, difference, questions, fixed, broken }: SuiteForgetting): string {
  const change =
    difference === null
      ? ''
      : `, ${changeText(difference, (share) => (100 * share).toFixed(1))} points, ${fixed} fixed and ${broken} broken`;
  return `${percent(before)} → ${percent(after)} % of ${formatCount(questions)} general questions${change}`;
}

function changeText(
  { value, interval }: NonNullable<TextForgetting['difference']>,
  format: (value: number) => string,
): string {
  const signed = (figure: number) => (figure < 0 ? `−${format(-figure)}` : `+${format(figure)}`);
  return `${value === null ? '–' : signed(value)}${interval === null ? '' : ` [${signed(interval.low)}, ${signed(interval.high)}]`}`;
}

const bits = (value: number | null) => value?.toFixed(4) ?? '–';
const percent = (share: number | null) => (share === null ? '–' : (100 * share).toFixed(1));
