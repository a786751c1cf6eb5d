import type { Paint } from './colours.ts';
import { displayWidth, fit, pad, wrap } from './width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** The column that gives way when the table is wider than the terminal. */
  readonly flexible?: 'wrap' | 'cut';
  /** Colours a finished cell; widths are settled before. */
  readonly paint?: (row: Row) => Paint;
}

export interface TableOptions {
  /** Columns of the terminal; without it nothing is cut or wrapped. */
  readonly width?: number;
  /** Styles the heading. */
  readonly heading?: Paint;
}

const gap = '  ';
/** A flexible column never gets narrower: a table that still does not fit is left to the terminal to break. */
const narrowest = 12;

/** Rows under headings, two spaces between columns, no lines. Ends without a line break. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions = {}): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[i]!))),
  );
  if (options.width !== undefined) squeeze(widths, columns, options.width);

  const lines = [joinCells(columns.map((column, i) => pad(fit(column.title, widths[i]!), widths[i]!, column.align)))];
  if (options.heading) lines[0] = options.heading(lines[0]!);
  for (const [r, row] of rows.entries()) {
    const blocks = columns.map((column, i) => cellLines(cells[r]![i]!, widths[i]!, column));
    const height = Math.max(...blocks.map((block) => block.length));
    for (let k = 0; k < height; k++) {
      lines.push(
        joinCells(
          columns.map((column, i) => {
            const cell = pad(blocks[i]![k] ?? '', widths[i]!, column.align);
            return column.paint ? paintText(cell, column.paint(row)) : cell;
          }),
        ),
      );
    }
  }
  return lines.join('\n');
}

function squeeze(widths: number[], columns: readonly { flexible?: 'wrap' | 'cut' }[], available: number): void {
  const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
  const i = columns.findIndex((column) => column.flexible !== undefined);
  if (i >= 0 && total > available)
    widths[i] = Math.max(Math.min(widths[i]!, narrowest), widths[i]! - (total - available));
}

function cellLines<Row>(text: string, width: number, column: Column<Row>): string[] {
  if (column.flexible === 'wrap') return wrap(text, width);
  return [column.flexible === 'cut' ? fit(text, width) : text];
}

/** Colours the text of a padded cell and leaves its padding plain, so that trailing spaces can be dropped. */
function paintText(cell: string, paint: Paint): string {
  const text = cell.trim();
  return text === '' ? cell : cell.replace(text, () => paint(text));
}

function joinCells(cells: readonly string[]): string {
  return cells.join(gap).trimEnd();
}
