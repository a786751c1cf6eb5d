import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { choices, parseSum, sums } from '../fixtures.test.support.ts';
import { TableModel } from '../models/table-model.ts';
import { parseRequirement } from '../results/requirement.ts';
import { showChange, showFigure, showInterval, showP } from './figures.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { scorecardRows } from './view.ts';

const hostile = '<img/src=x/onerror=alert(x)> "&|';

async function compared(cacheDir: string, requirements: string[] = []) {
  const before = new TableModel({ id: 'be|fore', answer: (prompt) => String(parseSum(prompt)[0] + 1) });
  const after = new TableModel({
    id: 'after<b>',
    tokenizer: 'other',
    answer: (prompt) => (parseSum(prompt)[0] < 12 ? hostile : String(parseSum(prompt)[0] + 1)),
    logp: (_context, text) => -' abc'.indexOf(text.trim()),
  });
  return runEvaluation({
    models: [before, after],
    tasks: [sums(40), choices(6)],
    cacheDir,
    draws: 200,
    requirements: requirements.map(parseRequirement),
  });
}

test('figures as they are printed', () => {
  assert.equal(showFigure(0.4567, 'share'), '45.7');
  assert.equal(showFigure(null, 'share'), '–');
  assert.equal(showChange(-0.02, 'share'), '−2.0');
  assert.equal(showChange(-0.0001, 'share'), '+0.0');
  assert.equal(showChange(1.5, 'number'), '+1.500');
  assert.equal(showInterval({ low: -0.1, high: 0.05 }, 'share'), '[−10.0, 5.0]');
  assert.deepEqual([0.0004, 0.035, 1, null].map(showP), ['< .001', '.035', '1.000', '–']);
});

test('the page stands alone, is readable without its plots, and runs nothing that a model said', async (t) => {
  const html = renderHtml(await compared(temporaryFolder(t)));
  assert.doesNotMatch(html, /<script|<link|<img|<iframe|@import|url\(|https?:|<[^>]*\son\w+=/);
  assert.match(html, /&lt;img\/src=x\/onerror=alert\(x\)&gt; &quot;&amp;\|/);
  for (const [, target] of html.matchAll(/href="([^"]+)"/g)) {
    assert.match(target!, /^#/);
    assert.ok(html.includes(`id="${target!.slice(1)}"`), `${target} leads somewhere`);
  }
  const plots = [...html.matchAll(/<svg [^>]*role="img" aria-label="([^"]+)"/g)].map(([, label]) => label!);
  // Two metrics of sums and one of choices, then two models' outcomes of both tasks.
  assert.equal(plots.length, 3 + 4);
  assert.match(plots[0]!, /^sums right ↑: −30\.0 \[.+\], regressed$/);
  assert.match(plots[3]!, /sums, be\|fore: 40 correct, 0 incorrect, 0 abstained, 0 unparseable of 40/);
  assert.match(html, /<html lang="en">/);
  assert.match(html, /prefers-color-scheme:dark/);
  assert.equal([...html.matchAll(/<table[ >]/g)].length, [...html.matchAll(/<caption>/g)].length);
});

test('chance and majority stand beside a figure, and what was cut or empty marks it', async (t) => {
  const html = renderHtml(await compared(temporaryFolder(t)));
  assert.match(
    html,
    /data-label="guessing"><div>33\.3 <span class="quiet">chance<\/span><br>100\.0 <span class="quiet">majority/,
  );
  const row = html.slice(html.indexOf('</span> acc '), html.indexOf('</tr>', html.indexOf('</span> acc ')));
  assert.match(row, /class="marked"><div>.*invalid: all choices are equally likely in 6 of 6 items/);
});

test('the page says which axes were not measured, and how many figures of the others changed', async (t) => {
  const html = renderHtml(await compared(temporaryFolder(t)));
  const glance = html.slice(html.indexOf('<nav'), html.indexOf('</nav>'));
  assert.equal([...glance.matchAll(/not measured/g)].length, 6);
  assert.match(
    glance,
    /<a href="#axis-factuality">Factual accuracy<\/a><span class="verdict regressed">1 regressed<\/span><span class="verdict invalid">1 invalid/,
  );
});

test('axes come in their order, and both sides of a trade-off together', async (t) => {
  const mean = (more: object) => ({ kind: 'mean', about: 'x', higherIsBetter: true, ...more }) as const;
  const task = {
    ...sums(4),
    metrics: {
      coverage: mean({ axis: 'reliability', against: 'recall' }),
      spread: mean({ axis: 'reliability' }),
      recall: mean({ axis: 'reliability', against: 'coverage' }),
      intent: mean({ axis: 'intent' }),
    },
    score: () => ({ values: { coverage: 1, spread: 1, recall: 1, intent: 1 } }),
  } as unknown as ReturnType<typeof sums>;
  const { result } = await runEvaluation({ models: [new TableModel()], tasks: [task], cacheDir: temporaryFolder(t) });
  assert.deepEqual(
    scorecardRows(result).map(({ metric }) => metric),
    ['intent', 'coverage', 'recall', 'spread'],
  );
});

test('documents became better and worse by the direction of their figure', async (t) => {
  const task = {
    ...sums(10),
    metrics: { ...sums(10).metrics, right: { kind: 'mean', about: 'x', higherIsBetter: false } },
  };
  const models = [3, 6].map(
    (k) =>
      new TableModel({
        id: `m${k}`,
        answer: (prompt) => (parseSum(prompt)[0] < k ? String(parseSum(prompt)[0] + 1) : 'no'),
      }),
  );
  const { result } = await runEvaluation({
    models,
    tasks: [task as ReturnType<typeof sums>],
    cacheDir: temporaryFolder(t),
    draws: 50,
  });
  const [row] = result.comparisons[0]!.rows;
  assert.deepEqual([row!.fixed, row!.broken], [[], [3, 4, 5]]);
});

test('figures of parts are shown for each model', async (t) => {
  const task = { ...sums(6), stratum: (doc: unknown) => ((doc as { a: number }).a < 4 ? 'low' : 'high') };
  const model = new TableModel({ answer: (prompt) => String(parseSum(prompt)[0] < 3 ? parseSum(prompt)[0] + 1 : 0) });
  const evaluation = await runEvaluation({ models: [model], tasks: [task], cacheDir: temporaryFolder(t), draws: 50 });
  assert.deepEqual(evaluation.result.results[0]!.metrics[0]!.strata, [
    { name: 'high', value: 0, n: 2 },
    { name: 'low', value: 0.75, n: 4 },
  ]);
  assert.match(renderHtml(evaluation), /<th scope="row">low<\/th><td>4<\/td><td>75\.0<\/td>/);
});

test('the page is well formed', async (t) => {
  const html = renderHtml(await compared(temporaryFolder(t), ['sums.right >= 0.5']));
  const open: string[] = [];
  for (const [, closing, name, rest] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)([^<>]*)>/g)) {
    if (
      ['meta', 'line', 'circle', 'br', 'col'].includes(name!) &&
      (['meta', 'br', 'col'].includes(name!) || rest!.endsWith('/'))
    )
      continue;
    if (closing) assert.equal(open.pop(), name);
    else open.push(name!);
  }
  assert.deepEqual(open, []);
});

test('what got worse comes first, proven losses before the others', async (t) => {
  const { result } = await compared(temporaryFolder(t));
  const markdown = renderMarkdown(result);
  const worse = markdown.slice(markdown.indexOf('## What got worse'), markdown.indexOf('## Factual'));
  assert.match(worse, /^- \*\*regressed\*\*: sums right, be\|fore → after<b>: −30\.0 \[−\d/m);
  assert.doesNotMatch(worse, /choices/, 'a row that is invalid got neither better nor worse');
});

test('a table of Markdown holds names with bars', async (t) => {
  const { result } = await compared(temporaryFolder(t));
  const rows = renderMarkdown(result)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const cells = (line: string) => line.replaceAll('\\|', '').split('|').length;
  assert.ok(rows.length >= 6);
  assert.deepEqual([...new Set(rows.map(cells))], [cells(rows[0]!)]);
});

test('requirements test the end of the interval, and an interval too wide is underpowered', async (t) => {
  const outcome = async (text: string) => {
    const { result } = await compared(temporaryFolder(t), [text]);
    return result.requirements[0]!.outcome;
  };
  // 28 of 40 are right: Wilson's interval is [.546, .819].
  assert.equal(await outcome('sums.right >= 0.54'), 'passed');
  assert.equal(await outcome('sums.right >= 0.6'), 'failed');
  assert.equal(await outcome('change of sums.right > -0.6'), 'passed');
  assert.equal(await outcome('change of sums.right > -0.3'), 'failed');
  assert.equal(await outcome('change of sums.right > -0.02'), 'underpowered');
  assert.equal(await outcome('change of sums.length < 1'), 'invalid');
});

test('requirements that cannot be read, or that name nothing, say so', async (t) => {
  assert.throws(() => parseRequirement('mmlu.acc = 1'), { message: 'the requirement "mmlu.acc = 1" cannot be read.' });
  await assert.rejects(compared(temporaryFolder(t), ['sums.rihgt >= 0.5']), {
    message: 'the requirement "sums.rihgt >= 0.5" names a figure that is not evaluated.',
    help: /there are sums\.right/,
  });
});
