import type { ComparedMetric, Comparison } from '../results/compare.ts';
import { escapeHtml } from './escape-html.ts';
import { showChange, showInterval } from './figures.ts';

const rowHeight = 26;
const labelWidth = 300;
const plotWidth = 420;
const textWidth = 230;
const top = 30;

/** What a row is drawn as, in the scale of its panel. */
interface Drawn {
  readonly row: ComparedMetric;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Paired differences with their intervals around a line of no change: shares in points, other figures relative to before. */
export function forestPlot(comparison: Comparison): string {
  const shares = drawable(
    comparison.rows.filter(({ unit }) => unit === 'share'),
    () => 0.01,
  );
  const others = drawable(
    comparison.rows.filter(({ unit }) => unit === 'number'),
    ({ before }) => Math.abs(before ?? 0) / 100,
  );
  const title = `${comparison.before} → ${comparison.after}`;
  const panels = [
    panel(shares, `${title}: differences of shares in points`),
    panel(others, `${title}: differences of other figures in per cent of ${comparison.before}`),
  ].filter((part) => part !== '');
  if (panels.length === 0) return '';
  return `<section><h2>Paired differences, ${escapeHtml(title)}</h2>${panels.join('\n')}<p class="quiet">Points are differences after − before on identical documents, lines their 95 % intervals. ↑ and ↓ say which direction is better.</p></section>`;
}

function drawable(rows: readonly ComparedMetric[], unitOf: (row: ComparedMetric) => number): Drawn[] {
  return rows.flatMap((row) => {
    const { value, interval } = row.difference;
    const unit = unitOf(row);
    if (value === null || unit === 0) return [];
    return [{ row, value: value / unit, low: (interval?.low ?? value) / unit, high: (interval?.high ?? value) / unit }];
  });
}

function panel(drawn: readonly Drawn[], title: string): string {
  if (drawn.length === 0) return '';
  const reach = Math.max(1e-9, ...drawn.flatMap(({ value, low, high }) => [value, low, high].map(Math.abs)));
  const step = niceStep(reach);
  const end = Math.ceil(reach / step) * step;
  const x = (value: number) => round(labelWidth + plotWidth * (0.5 + value / (2 * end)));
  const height = top + drawn.length * rowHeight + 24;
  const ticks: string[] = [];
  for (let k = -Math.round(end / step); k <= Math.round(end / step); k++) {
    const at = x(k * step);
    const stroke = k === 0 ? 'var(--ink)' : 'var(--line)';
    ticks.push(
      `<line x1="${at}" x2="${at}" y1="${top - 8}" y2="${height - 22}" stroke="${stroke}"/><text class="quiet" x="${at}" y="${height - 6}" text-anchor="middle">${escapeHtml(tickText(k * step))}</text>`,
    );
  }
  const rows = drawn.map((one, i) => drawRow(one, top + i * rowHeight + rowHeight / 2, x));
  const described = drawn.map(({ row }) => `${row.task} ${row.metric} ${changeText(row)} ${row.verdict}`).join('; ');
  return `<svg viewBox="0 0 ${labelWidth + plotWidth + textWidth} ${height}" width="${labelWidth + plotWidth + textWidth}" role="img" aria-label="${escapeHtml(`${title}. ${described}`)}"><title>${escapeHtml(title)}</title><text x="0" y="14">${escapeHtml(title)}</text>${ticks.join('')}${rows.join('')}</svg>`;
}

const colours: Readonly<Record<string, string>> = {
  improved: 'var(--good)',
  regressed: 'var(--bad)',
  equivalent: 'var(--same)',
};

function drawRow({ row, value, low, high }: Drawn, y: number, x: (value: number) => number): string {
  const colour = colours[row.verdict] ?? 'var(--quiet)';
  const label = `${row.task} ${row.metric} ${row.higherIsBetter ? '↑' : '↓'}`;
  const cut = label.length > 42 ? `${label.slice(0, 41)}…` : label;
  return `<text x="0" y="${y + 4}">${escapeHtml(cut)}</text><line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/><circle cx="${x(value)}" cy="${y}" r="4" fill="${colour}"/><text x="${labelWidth + plotWidth + 12}" y="${y + 4}">${escapeHtml(changeText(row))} <tspan fill="${colour}">${escapeHtml(row.verdict)}</tspan></text>`;
}

function changeText({ difference, unit }: ComparedMetric): string {
  return `${showChange(difference.value, unit)} ${showInterval(difference.interval, unit)}`;
}

/** 1, 2 or 5 times a power of ten, so that about three ticks stand on either side. */
function niceStep(reach: number): number {
  const power = 10 ** Math.floor(Math.log10(reach / 3));
  return ([1, 2, 5].find((factor) => factor * power * 3 >= reach) ?? 10) * power;
}

function tickText(value: number): string {
  const text = String(Number(value.toPrecision(6)));
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

const round = (value: number) => Math.round(value * 10) / 10;
