import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StudyRow } from '../compare-arms.ts';
import type { StudyResult } from '../result.ts';
import { renderStudyHtml } from './html.ts';
import { renderStudyMarkdown } from './markdown.ts';
import { linearScale, logScale } from './plot-scale.ts';

const row: StudyRow = {
  ...{
    arm: 'sft',
    task: 'quiz',
    metric: 'right',
    axis: 'factuality',
    higherIsBetter: true,
    ideal: null,
    unit: 'share',
  },
  ...{ n: 40, clusters: 40, before: 0.5, after: 0.38 },
  difference: {
    value: -0.12,
    standardError: 0.04,
    df: 8,
    interval: { low: -0.2, high: -0.04 },
    method: 'bootstrap',
    p: 0.01,
  },
  ...{ distance: null, test: 't', midP: null, fixed: null, broken: null, detectable: 0.13, adjusted: 0.02 },
  ...{ verdict: 'regressed', why: '[-0.2, -0.04], p 0.02', seedsBefore: null, seedsAfter: 2 },
  ...{ varianceOfSeeds: 0.001, varianceOfItems: 0.001 },
};
const point = (lr: number, figure: number | null) => ({
  point: `lr=${lr}`,
  values: { lr },
  figure,
  why: figure === null ? 'it diverged' : null,
});
const result: StudyResult = {
  version: 1,
  name: '<rates>',
  plan: '0123456789abcdef',
  claim: { isClaim: false, why: ['each arm has 2 training seeds; the rule asks for 5'] },
  baseline: 'base',
  seeds: [1, 2],
  arms: [
    { name: 'base', method: null, model: './<base>', point: null, choice: null, tokens: null, runs: [] },
    {
      ...{
        name: 'sft',
        method: 'sft',
        model: 'pocket',
        point: 'lr=0.01',
        tokens: { mean: 12_345, least: 12_000, most: 12_690 },
      },
      choice: {
        ...{
          arm: 'sft',
          point: 'lr=0.01',
          task: 'dev',
          metric: 'right',
          unit: 'share',
          higherIsBetter: true,
          ideal: null,
        },
        figures: [point(0.001, 0.25), point(0.01, 0.5), point(0.1, null)],
      },
      runs: [
        { run: 'sft/lr=0.01/seed-1', status: 'finished', checkpoint: 'c', steps: 3, tokens: 12_000, message: null },
        { run: 'sft/lr=0.01/seed-2', status: 'diverged', checkpoint: null, steps: 3, tokens: 12_690, message: 'NaN' },
      ],
    },
  ],
  figures: [
    {
      ...{
        axis: 'factuality',
        task: 'quiz',
        metric: 'right',
        about: 'a & b',
        unit: 'share',
        higherIsBetter: true,
        ideal: null,
        n: 40,
      },
      arms: [
        { arm: 'base', mean: 0.5, spread: null, bySeed: [{ seed: null, value: 0.5 }] },
        {
          arm: 'sft',
          mean: 0.38,
          spread: 0.0141,
          bySeed: [
            { seed: 1, value: 0.37 },
            { seed: 2, value: 0.39 },
          ],
        },
      ],
    },
  ],
  rows: [row],
  requirements: [
    {
      ...{ requirement: 'quiz.right >= 0.4', model: 'sft', outcome: 'failed', op: '>=', threshold: 0.4 },
      ...{ bound: 0.3, halfWidth: 0.08, itemsNeeded: null, why: 'the low end is not' },
    },
  ],
  reads: 1,
  remarks: ['sft: a remark | with a bar'],
  details: ['sft/seed-1: answers empty: 2 (of 40).'],
};

test('Markdown: what got worse comes before the figures, and every part is there', () => {
  const text = renderStudyMarkdown(result);
  const lines = [
    '**This is not a claim about methods by the rule:**',
    '- each arm has 2 training seeds; the rule asks for 5',
    '- **regressed**: quiz right, base → sft: −12.0 [−20.0, −4.0]',
    '- **failed**: sft, `quiz.right >= 0.4` (the low end is not)',
    '| quiz | right ↑ | 40 | 50.0 | 38.0 ± 1.4 |',
    '| sft | quiz | right ↑ | – / 2 | −12.0 [−20.0, −4.0] | .020 | 13.0 | regressed |  |',
    '| lr=0.001 | 25.0 |  |',
    '| lr=0.01 | 50.0 | **chosen** |',
    '| lr=0.1 | – | it diverged |',
    '- **sft**: sft of pocket; lr=0.01, of 3 tried; 2 seeds, 1 diverged; 12.0k to 12.7k tokens each',
    '- sft: a remark | with a bar',
    '- The documents of the comparison were read once, on record in reads.jsonl.',
  ];
  let from = 0;
  for (const line of lines) {
    const at = text.indexOf(`${line}\n`, from);
    assert.ok(at >= 0, `${line}\nis not in, or not in its place in:\n${text}`);
    from = at;
  }
  assert.match(
    renderStudyMarkdown({ ...result, claim: { isClaim: true, why: [] } }),
    /^\*\*This is a claim about methods by the rule\.\*\*$/m,
  );
});

test('HTML: one file that fetches nothing and runs nothing, whatever the names hold', () => {
  const html = renderStudyHtml(result);
  assert.doesNotMatch(html, /<script|<link|<img|https?:|url\(|@import/);
  assert.doesNotMatch(html, /<rates>|<base>/);
  assert.match(html, /<h1>Study: &lt;rates&gt;<\/h1>/);
  assert.match(html, /a &amp; b/);
  const count = (pattern: string) => html.match(new RegExp(pattern, 'g'))?.length;
  for (const tag of ['section', 'figure', 'table', 'ul', 'ol', 'svg', 'div', 'li', 'td', 'th', 'tr'])
    assert.equal(count(`<${tag}[ >]`), count(`</${tag}>`), tag);
});

test('plots: a dot for each seed and control, the curve of the sweep without what diverged, the chosen dot filled', () => {
  const html = renderStudyHtml(result);
  const seeds = html.slice(html.indexOf('Seed by seed'), html.indexOf('<h2>Sweeps'));
  assert.deepEqual(
    [...seeds.matchAll(/<title>([^<]+)<\/title>/g)].map(([, title]) => title),
    ['control: 50.0', 'seed 1: 37.0', 'seed 2: 39.0'],
  );
  const sweep = html.slice(html.indexOf('<h2>Sweeps'), html.indexOf('<h2>Arms'));
  const [, points] = /<polyline[^>]* points="([^"]+)"/.exec(sweep)!;
  const [first, second] = points!.split(' ').map((pair) => pair.split(',').map(Number));
  assert.ok(points!.split(' ').length === 2 && first![0]! < second![0]! && first![1]! > second![1]!, points);
  assert.deepEqual(
    [...sweep.matchAll(/fill="(var\(--\w+\))" stroke="var\(--same\)" stroke-width="2"><title>([^<]+)/g)].map(
      ([, fill, title]) => [fill, title],
    ),
    [
      ['var(--ground)', 'lr=0.001: 25.0'],
      ['var(--same)', 'lr=0.01: 50.0'],
    ],
  );
  assert.match(sweep, /lr \(logarithmic\)/);
  assert.match(sweep, /lr=0\.1: – <span class="quiet">it diverged/);
});

test('scales: ends at ticks, room on both sides, equal values in the middle', () => {
  const linear = linearScale([0.37, 0.5]);
  assert.deepEqual(linear.ticks, [0.35, 0.4, 0.45, 0.5]);
  assert.deepEqual([linear.at(0.35), linear.at(0.5), linear.at(0.425)].map(Math.round), [6, 94, 50]);
  assert.ok(linearScale([0.2]).ticks.length >= 2);
  assert.ok(linearScale([0, 0]).ticks.every(Number.isFinite));
  const log = logScale([1e-3, 1e-1, 1e-2]);
  assert.deepEqual(log.ticks, [1e-3, 1e-2, 1e-1]);
  assert.deepEqual(
    [1e-3, 1e-2, 1e-1].map((value) => Math.round(log.at(value))),
    [6, 50, 94],
  );
});
