import { formatCount, formatNumber } from './format.ts';
import { displayWidth, pad } from './width.ts';

export interface Series {
  readonly name: string;
  /** [x, y] with x rising. Points whose y is not finite are left out. */
  readonly points: readonly (readonly [number, number])[];
  /** Draws this character at each point instead of a line of dots. */
  readonly mark?: string;
}

export interface PlotOptions {
  /** Columns of the whole picture, labels included. */
  readonly width: number;
  /** Lines of the drawing area; the x axis takes two more. */
  readonly height: number;
  readonly xLabel?: string;
}

/** The eight dots of a braille character by [column][row], as bits over U+2800. */
const dotBits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/**
 * A curve in braille dots, two across and four down for each character, with the range of both axes.
 *
 * Where several points fall on one column of dots, their mean is drawn: a loss curve of many steps shows its course,
 * not its noise. Returns '' when there is nothing finite to draw.
 */
export function braillePlot(input: readonly number[] | readonly Series[], options: PlotOptions): string {
  const series = toSeries(input);
  const finite = series.flatMap((one) => one.points.filter(([, y]) => Number.isFinite(y)));
  if (finite.length === 0) return '';
  const [left, right] = range(finite.map(([x]) => x));
  const [low, high] = range(finite.map(([, y]) => y));
  const labels = [formatNumber(high), formatNumber((low + high) / 2), formatNumber(low)];
  const margin = Math.max(...labels.map(displayWidth));
  const canvas = new Canvas(Math.max(4, options.width - margin - 2), Math.max(2, options.height));

  const toColumn = (x: number) => scale(x, left, right, canvas.columns * 2 - 1);
  const toRow = (y: number) => canvas.rows * 4 - 1 - scale(y, low, high, canvas.rows * 4 - 1);
  // Marks go on top of lines, whatever the order of the series.
  for (const one of series.filter((one) => one.mark === undefined)) canvas.line(binned(one, toColumn, toRow));
  for (const one of series.filter((one) => one.mark !== undefined)) {
    for (const [column, row] of binned(one, toColumn, toRow)) canvas.mark(column, row, one.mark!);
  }

  const lines = canvas.render().map((line, i) => {
    const label =
      i === 0 ? labels[0]! : i === canvas.rows - 1 ? labels[2]! : i * 2 === canvas.rows - 1 ? labels[1]! : '';
    return `${pad(label, margin, 'right')} ${label === '' ? '│' : '┤'}${line}`.trimEnd();
  });
  return [...lines, ...xAxis(left, right, margin, canvas.columns, options.xLabel ?? ''), ...legend(series)].join('\n');
}

function toSeries(input: readonly number[] | readonly Series[]): readonly Series[] {
  if (input.length === 0 || typeof input[0] === 'object') return input as readonly Series[];
  return [{ name: '', points: (input as readonly number[]).map((y, i) => [i + 1, y] as const) }];
}

function range(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** The cell of `value` among `last + 1` between `low` and `high`; the middle where they are equal. */
function scale(value: number, low: number, high: number, last: number): number {
  return high === low ? Math.round(last / 2) : Math.round(((value - low) / (high - low)) * last);
}

/** One [column, row] for each column of dots that has points: the mean of their values. */
function binned(series: Series, toColumn: (x: number) => number, toRow: (y: number) => number): [number, number][] {
  const bins = new Map<number, { sum: number; count: number }>();
  for (const [x, y] of series.points) {
    if (!Number.isFinite(y)) continue;
    const bin = bins.get(toColumn(x)) ?? { sum: 0, count: 0 };
    bins.set(toColumn(x), { sum: bin.sum + y, count: bin.count + 1 });
  }
  return [...bins].sort(([a], [b]) => a - b).map(([column, { sum, count }]) => [column, toRow(sum / count)]);
}

class Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly #dots: Uint8Array;
  readonly #marks = new Map<number, string>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#dots = new Uint8Array(columns * rows);
  }

  /** Joins neighbouring points by straight lines of dots. */
  line(points: readonly [number, number][]): void {
    for (const [i, [x, y]] of points.entries()) {
      const [toX, toY] = points[i + 1] ?? [x, y];
      const steps = Math.max(Math.abs(toX - x), Math.abs(toY - y), 1);
      for (let k = 0; k <= steps; k++) {
        this.#dot(Math.round(x + ((toX - x) * k) / steps), Math.round(y + ((toY - y) * k) / steps));
      }
    }
  }

  mark(x: number, y: number, character: string): void {
    this.#marks.set((y >> 2) * this.columns + (x >> 1), character);
  }

  #dot(x: number, y: number): void {
    this.#dots[(y >> 2) * this.columns + (x >> 1)]! |= dotBits[(x & 1) as 0 | 1][(y & 3) as 0 | 1 | 2 | 3];
  }

  render(): string[] {
    return Array.from({ length: this.rows }, (_, row) => {
      let line = '';
      for (let cell = row * this.columns; cell < (row + 1) * this.columns; cell++) {
        const dots = this.#dots[cell]!;
        line += this.#marks.get(cell) ?? (dots === 0 ? ' ' : String.fromCharCode(0x2800 + dots));
      }
      return line;
    });
  }
}

function xAxis(left: number, right: number, margin: number, columns: number, label: string): string[] {
  const indent = ' '.repeat(margin + 1);
  const from = formatCount(left);
  const to = formatCount(right);
  const middle = columns - from.length - to.length;
  const text = label.length + 2 <= middle ? label : '';
  const before = Math.floor((middle - text.length) / 2);
  const spaced = ' '.repeat(Math.max(1, before)) + text + ' '.repeat(Math.max(0, middle - text.length - before));
  return [`${indent}└${'─'.repeat(columns)}`, `${indent} ${from}${spaced}${to}`];
}

function legend(series: readonly Series[]): string[] {
  if (series.length < 2) return [];
  return [series.map((one) => `${one.mark ?? '⠤⠤'} ${one.name}`).join('   ')];
}
