import type { Interval } from '../../scoring/index.ts';
import { formatNumber } from '../../support/terminal/format.ts';
import { type ComparedMetric, judgedChange } from '../results/compare.ts';

/** Figures as reports print them. What is not known is `–`. */
const unknown = '–';

export type Unit = 'share' | 'number';

/** A share as per cent with one digit, any other figure with four significant ones. */
export function showFigure(value: number | null, unit: Unit): string {
  if (value === null) return unknown;
  return (unit === 'share' ? (100 * value).toFixed(1) : formatNumber(value)).replaceAll('-', '−');
}

/** With its sign; of shares in points. */
export function showChange(value: number | null, unit: Unit): string {
  if (value === null) return unknown;
  const text = showFigure(Math.abs(value), unit);
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : `+${text}`;
}

export function showInterval(interval: Interval | null, unit: Unit): string {
  return interval === null ? '' : `[${showFigure(interval.low, unit)}, ${showFigure(interval.high, unit)}]`;
}

/** p values as they are usually read: never 0. */
export function showP(p: number | null): string {
  if (p === null) return unknown;
  return p < 0.001 ? '< .001' : p.toFixed(3).replace(/^0/, '');
}

/** Which figures are better: ↑, ↓, or an arrow to the best one. */
export function showDirection(row: {
  readonly higherIsBetter: boolean | null;
  readonly ideal: number | null;
  readonly unit: Unit;
}): string {
  if (row.ideal !== null) return `→ ${showIdeal(row.ideal, row.unit)}`;
  return row.higherIsBetter ? '↑' : '↓';
}

/** The change that the verdict judges, with its interval; of a distance it says so. */
export function showJudgedChange(row: ComparedMetric): string {
  const { value, interval } = judgedChange(row);
  const text = `${showChange(value, row.unit)} ${showInterval(interval, row.unit)}`.trim();
  return row.ideal === null ? text : `distance from ${showIdeal(row.ideal, row.unit)} ${text}`;
}

function showIdeal(ideal: number, unit: Unit): string {
  return String(Number((unit === 'share' ? 100 * ideal : ideal).toPrecision(6))).replace('-', '−');
}
