import { showDirection, showFigure } from '../../evaluate/index.ts';
import { escapeHtml } from '../../evaluate/report/escape-html.ts';
import { formatNumber } from '../../support/terminal/format.ts';
import type { ArmChoice, PointFigure } from '../choose.ts';
import type { StudyResult } from '../result.ts';
import { linearScale, logScale, type Scale } from './plot-scale.ts';

/** The figure on development documents against what was swept: a curve for a number, a list of points for anything else. */
export function sweepPlots({ arms }: StudyResult): string {
  const choices = arms.flatMap(({ choice }) => (choice ? [choice] : []));
  if (choices.length === 0) return '';
  const plots = choices.map(
    (choice) => (numbersOf(choice) ? curve(choice, numbersOf(choice)!) : '') + pointList(choice),
  );
  return `<section><h2>Sweeps</h2>${plots.join('\n')}<p class="quiet">Figures on development documents, on one training seed; the filled dot was chosen.</p></section>`;
}

interface NumberPoint {
  readonly x: number;
  readonly figure: number;
  readonly chosen: boolean;
  readonly name: string;
}

/** The points in the order of the one number that is swept; undefined where there are several, or something else is. */
function numbersOf({ figures, point }: ArmChoice): readonly NumberPoint[] | undefined {
  const found = figures.flatMap(({ point: name, values, figure }) => {
    const [x, ...others] = Object.values(values);
    if (typeof x !== 'number' || others.length > 0) return [];
    return [{ x, figure, chosen: name === point, name }];
  });
  if (found.length < figures.length) return undefined;
  const known = found.flatMap(({ figure, ...rest }) => (figure === null ? [] : [{ ...rest, figure }]));
  return known.length < 2 ? undefined : known.sort((a, b) => a.x - b.x);
}

const width = 560;
const height = 240;
const margin = { left: 60, right: 20, top: 16, bottom: 42 };

function curve(choice: ArmChoice, points: readonly NumberPoint[]): string {
  const numbers = points.map(({ x }) => x);
  const log = numbers[0]! > 0 && numbers.at(-1)! / numbers[0]! >= 5;
  const horizontal = log ? logScale(numbers) : linearScale(numbers);
  const vertical = linearScale(points.map(({ figure }) => figure));
  const x = (value: number) => round(margin.left + ((width - margin.left - margin.right) * horizontal.at(value)) / 100);
  const y = (value: number) =>
    round(margin.top + (height - margin.top - margin.bottom) * (1 - vertical.at(value) / 100));
  const [key] = Object.keys(choice.figures[0]!.values);
  const line = `<polyline fill="none" stroke="var(--same)" stroke-width="2" points="${points.map(({ x: at, figure }) => `${x(at)},${y(figure)}`).join(' ')}"/>`;
  const dots = points.map((point) => {
    const fill = point.chosen ? 'var(--same)' : 'var(--ground)';
    return `<circle cx="${x(point.x)}" cy="${y(point.figure)}" r="5" fill="${fill}" stroke="var(--same)" stroke-width="2"><title>${escapeHtml(pointText(choice, point.name, point.figure))}</title></circle>`;
  });
  const label = escapeHtml(`${titleOf(choice)} against ${key}`);
  return `<figure class="forest"><figcaption>${label}</figcaption><svg viewBox="0 0 ${width} ${height}" width="${width}" style="max-width:100%;height:auto" role="img" aria-label="${label}" font-size="12" font-family="system-ui,sans-serif">${axes(choice, horizontal, vertical, x, y)}${line}${dots.join('')}<text x="${(margin.left + width - margin.right) / 2}" y="${height - 6}" text-anchor="middle" fill="var(--quiet)">${escapeHtml(key!)}${log ? ' (logarithmic)' : ''}</text></svg></figure>`;
}

function axes(
  { unit }: ArmChoice,
  horizontal: Scale,
  vertical: Scale,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const [left, right, bottom] = [margin.left, width - margin.right, height - margin.bottom];
  const rows = vertical.ticks.map(
    (tick) =>
      `<line x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}" stroke="var(--line)"/><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end" fill="var(--quiet)">${escapeHtml(showFigure(tick, unit))}</text>`,
  );
  const columns = horizontal.ticks.map(
    (tick) =>
      `<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle" fill="var(--quiet)">${escapeHtml(formatNumber(tick).replace(/\.?0+$/, ''))}</text>`,
  );
  return rows.join('') + columns.join('');
}

/** The same as text, which also holds points without a figure. */
function pointList(choice: ArmChoice): string {
  const items = choice.figures.map((point) => `<li>${pointItem(choice, point)}</li>`);
  const title = numbersOf(choice) ? '' : `<h3>${escapeHtml(titleOf(choice))}</h3>`;
  return `${title}<ul>${items.join('')}</ul>`;
}

function pointItem(choice: ArmChoice, { point, figure, why }: PointFigure): string {
  const text = escapeHtml(pointText(choice, point, figure));
  if (point === choice.point) return `<strong>${text}, chosen</strong>`;
  return why === null ? text : `${text} <span class="quiet">${escapeHtml(why)}</span>`;
}

function pointText({ unit }: ArmChoice, point: string, figure: number | null): string {
  return `${point}: ${showFigure(figure, unit)}`;
}

function titleOf(choice: ArmChoice): string {
  return `${choice.arm}: ${choice.task} ${choice.metric} ${showDirection(choice)}`;
}

const round = (value: number) => Math.round(value * 10) / 10;
