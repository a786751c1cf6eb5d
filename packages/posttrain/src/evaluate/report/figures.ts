import type { Interval } from '../../scoring/index.ts';
import { formatNumber } from '../../support/terminal/format.ts';

/** Figures as reports print them. What is not known is `–`. */
const unknown = '–';

export type Unit = 'share' | 'number';

/** A share as per cent with one digit, any other figure with four significant ones. */
export function showFigure(value: number | null, unit: Unit): string {
  if (value === null) return unknown;
  return unit === 'share' ? (100 * value).toFixed(1) : formatNumber(value);
}

/** With its sign; of shares in points. */
export function showChange(value: number | null, unit: Unit): string {
  if (value === null) return unknown;
  const text = showFigure(Math.abs(value), unit);
  return value < 0 && Number(text) !== 0 ? `−${text}` : `+${text}`;
}

export function showInterval(interval: Interval | null, unit: Unit): string {
  return interval === null
    ? ''
    : `[${showFigure(interval.low, unit)}, ${showFigure(interval.high, unit)}]`.replaceAll('-', '−');
}

/** p values as they are usually read: never 0. */
export function showP(p: number | null): string {
  if (p === null) return unknown;
  return p < 0.001 ? '< .001' : p.toFixed(3).replace(/^0/, '');
}
