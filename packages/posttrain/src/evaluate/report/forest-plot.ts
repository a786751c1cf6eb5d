import { axes } from '../metric.ts';
import { type ComparedMetric, type Comparison, judgedChange } from '../results/compare.ts';
import { escapeHtml } from './escape-html.ts';
import { showDirection, showJudgedChange } from './figures.ts';

/** What a row is drawn as, in the scale of its panel. */
interface Drawn {
  readonly row: ComparedMetric;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Paired differences with their intervals around a line of no change: shares in points, distances from an ideal as they are, other
 * figures relative to before. Every row is a line of text and a strip as wide as the page gives it, so that it is read on any screen.
 */
export function forestPlot(comparison: Comparison): string {
  const { before, after } = comparison;
  const rows = axes.flatMap((axis) => comparison.rows.filter((row) => row.axis === axis));
  const plain = rows.filter(({ unit, ideal }) => unit === 'number' && ideal === null);
  const ideals = rows.filter(({ unit, ideal }) => unit === 'number' && ideal !== null);
  const panels = [
    panel(
      drawable(
        rows.filter(({ unit }) => unit === 'share'),
        () => 0.01,
      ),
      'Shares, in points',
    ),
    panel(
      drawable(ideals, () => 1),
      'Distances from what is best',
    ),
    panel(
      drawable(plain, (row) => Math.abs(row.before ?? 0) / 100),
      `Other figures, in per cent of ${before}`,
    ),
  ].filter((part) => part !== '');
  if (panels.length === 0) return '';
  return `<section><h2>What changed, ${escapeHtml(`${before} → ${after}`)}</h2>${panels.join('\n')}<p class="quiet">Points are differences after − before on identical documents, lines their 95 % intervals (◂ ▸ beyond the scale); shares are in per cent, and their differences in points. ↑ and ↓ say which direction is better; → names a best value, and the change is that of the distance from it.</p></section>`;
}

function drawable(rows: readonly ComparedMetric[], unitOf: (row: ComparedMetric) => number): Drawn[] {
  return rows.flatMap((row) => {
    const { value, interval } = judgedChange(row);
    const unit = unitOf(row);
    if (value === null || unit === 0) return [];
    return [{ row, value: value / unit, low: (interval?.low ?? value) / unit, high: (interval?.high ?? value) / unit }];
  });
}

function panel(drawn: readonly Drawn[], title: string): string {
  if (drawn.length === 0) return '';
  const reach = Math.max(1e-9, ...drawn.map(({ value }) => Math.abs(value)), usualReach(drawn));
  const step = niceStep(reach);
  const end = Math.ceil(reach / step - 1e-9) * step;
  // Room on both sides, so that no dot and no label is cut.
  const x = (value: number) => `${(50 + (42 * value) / end).toFixed(2)}%`;
  const ticks = Array.from({ length: 2 * Math.round(end / step) + 1 }, (_, k) => k * step - end);
  const items = drawn.map((one) => drawRow(one, end, ticks, x)).join('');
  return `<figure class="forest"><figcaption>${escapeHtml(title)}</figcaption><ol>${items}</ol>${tickRow(ticks, x)}</figure>`;
}

/** Nine of ten ends of intervals lie within; a row of a handful of documents must not press the others flat. */
function usualReach(drawn: readonly Drawn[]): number {
  const ends = drawn.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]).sort((a, b) => a - b);
  return ends[Math.ceil(0.9 * ends.length) - 1] ?? 0;
}

function drawRow(
  { row, value, low, high }: Drawn,
  end: number,
  ticks: readonly number[],
  x: (value: number) => string,
): string {
  const name = `${row.task} ${row.metric} ${showDirection(row)}`;
  const change = showJudgedChange(row);
  const word = row.verdict.replaceAll(' ', '-');
  const label = escapeHtml(`${name}: ${change}, ${row.verdict}`);
  const grid = ticks
    .map((tick) => `<line class="${isZero(tick) ? 'zero' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="100%"/>`)
    .join('');
  const [from, to] = [Math.max(low, -end), Math.min(high, end)];
  const beyond = [
    low < -end ? `<text class="beyond" x="${x(-end)}" y="50%" text-anchor="end">◂</text>` : '',
    high > end ? `<text class="beyond" x="${x(end)}" y="50%">▸</text>` : '',
  ];
  const drawing = `<line class="whisker" x1="${x(from)}" x2="${x(to)}" y1="50%" y2="50%"/>${beyond.join('')}<circle cx="${x(value)}" cy="50%" r="4.5"/>`;
  return `<li><span class="name">${escapeHtml(name)}</span><svg class="strip ${word}" role="img" aria-label="${label}">${grid}${drawing}</svg><span class="change">${escapeHtml(change)} <span class="verdict ${word}">${escapeHtml(row.verdict)}</span></span></li>`;
}

function tickRow(ticks: readonly number[], x: (value: number) => string): string {
  const texts = ticks.map(
    (tick) => `<text x="${x(tick)}" y="12" text-anchor="middle">${escapeHtml(tickText(tick))}</text>`,
  );
  return `<div class="ticks" aria-hidden="true"><svg class="strip">${texts.join('')}</svg></div>`;
}

/** 1, 2 or 5 times a power of ten, so that at most three ticks stand on either side. */
function niceStep(reach: number): number {
  const power = 10 ** Math.floor(Math.log10(reach / 3));
  return ([1, 2, 5].find((factor) => factor * power * 3 >= reach) ?? 10) * power;
}

const isZero = (value: number) => Math.abs(value) < 1e-12;

function tickText(value: number): string {
  if (isZero(value)) return '0';
  const text = String(Number(value.toPrecision(6)));
  return value > 0 ? `+${text}` : text.replace('-', '−');
}
