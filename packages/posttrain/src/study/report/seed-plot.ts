import { showDirection, showFigure } from '../../evaluate/index.ts';
import { escapeHtml } from '../../evaluate/report/escape-html.ts';
import { axisTitles } from '../../evaluate/report/view.ts';
import type { ArmFigure, StudyFigure, StudyResult } from '../result.ts';
import { linearScale, type Scale } from './plot-scale.ts';
import { showArmFigure } from './words.ts';

/** Every figure by arm: a dot for each training seed, a line through their mean. It shows what a mean would hide. */
export function seedPlots({ figures }: StudyResult): string {
  const drawn = figures.map(seedPlot).filter((figure) => figure !== '');
  if (drawn.length === 0) return '';
  return `<section><h2>Seed by seed</h2>${drawn.join('\n')}<p class="quiet">A dot is the figure of one training seed, the upright line the mean of its arm; a control has one dot.</p></section>`;
}

function seedPlot(figure: StudyFigure): string {
  const values = figure.arms.flatMap(({ bySeed }) => bySeed.flatMap(({ value }) => value ?? []));
  if (values.length === 0) return '';
  const scale = linearScale(values);
  const title = `${axisTitles[figure.axis]}: ${figure.task} ${figure.metric} ${showDirection(figure)}`;
  const rows = figure.arms.map((arm) => armRow(arm, figure, scale)).join('');
  const ticks = scale.ticks
    .map(
      (tick) =>
        `<text x="${percent(scale.at(tick))}" y="12" text-anchor="middle">${escapeHtml(showFigure(tick, figure.unit))}</text>`,
    )
    .join('');
  return `<figure class="forest"><figcaption>${escapeHtml(title)}</figcaption><ol>${rows}</ol><div class="ticks" aria-hidden="true"><svg class="strip">${ticks}</svg></div></figure>`;
}

function armRow(arm: ArmFigure, { unit }: StudyFigure, scale: Scale): string {
  const text = showArmFigure(arm, unit);
  const grid = scale.ticks.map((tick) => line('grid', scale.at(tick), '0', '100%')).join('');
  const mean = arm.mean === null || arm.bySeed.length < 2 ? '' : line('zero', scale.at(arm.mean), '15%', '85%');
  const dots = arm.bySeed.map((one, i) => dot(one, heightOf(i, arm.bySeed.length), unit, scale)).join('');
  const label = escapeHtml(`${arm.arm}: ${text}`);
  return `<li><span class="name">${escapeHtml(arm.arm)}</span><svg class="strip equivalent" role="img" aria-label="${label}">${grid}${mean}${dots}</svg><span class="change">${escapeHtml(text)}</span></li>`;
}

type SeedFigure = ArmFigure['bySeed'][number];

function dot({ seed, value }: SeedFigure, height: number, unit: StudyFigure['unit'], scale: Scale): string {
  if (value === null) return '';
  const title = `${seed === null ? 'control' : `seed ${seed}`}: ${showFigure(value, unit)}`;
  return `<circle cx="${percent(scale.at(value))}" cy="${percent(height)}" r="4" fill-opacity=".7"><title>${escapeHtml(title)}</title></circle>`;
}

/** Seeds below each other, so that equal figures are not one dot. */
function heightOf(place: number, count: number): number {
  return 50 + (place - (count - 1) / 2) * Math.min(16, 64 / count);
}

function line(className: string, x: number, from: string, to: string): string {
  return `<line class="${className}" x1="${percent(x)}" x2="${percent(x)}" y1="${from}" y2="${to}"/>`;
}

const percent = (value: number) => `${value.toFixed(2)}%`;
