import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { sums } from '../fixtures.test.support.ts';
import { TableModel } from '../models/table-model.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { forgettingOf, type RunForgetting } from './forgetting.ts';

const text = {
  name: 'bits per byte',
  unit: 'number',
  before: 1.25,
  after: 1.5,
  difference: { value: 0.25, standardError: 0.1, interval: { low: 0.1, high: 0.4 }, p: 0.01 },
  verdict: 'regressed',
};
const suite = { name: 'questions', unit: 'share', before: 0.5, after: null, difference: null, verdict: null };

test("a run's report is read; what is not there yet, or cannot be read, says so", (t) => {
  const folder = temporaryFolder(t);
  assert.equal(forgettingOf(folder), null);
  const write = (value: object | string) =>
    writeFileSync(join(folder, 'forgetting.json'), typeof value === 'string' ? value : JSON.stringify(value));
  const facts = { version: 1, status: 'measured', why: null };
  write({ ...facts, text, suite });
  assert.deepEqual(forgettingOf(folder), {
    why: null,
    rows: [
      {
        name: 'bits per byte',
        before: 1.25,
        after: 1.5,
        difference: 0.25,
        interval: { low: 0.1, high: 0.4 },
        unit: 'number',
        verdict: 'regressed',
      },
      { name: 'questions', before: 0.5, after: null, difference: null, interval: null, unit: 'share', verdict: null },
    ],
  });
  write({ ...facts, status: 'underpowered', why: 'too short', text: null, suite: null });
  assert.deepEqual(forgettingOf(folder), { rows: [], why: 'too short' });
  write({ ...facts, status: 'begun', text, suite: null });
  assert.match(forgettingOf(folder)!.why!, /^the run is not over/);
  write('{"version": ');
  assert.match(forgettingOf(folder)!.why!, /forgetting\.json cannot be read: /);
});

test('the page shows it on the forgetting axis, also where nothing else does', async (t) => {
  const evaluated = (report: RunForgetting) =>
    runEvaluation({
      models: [new TableModel({ id: 'm' })],
      tasks: [sums(3)],
      cacheDir: temporaryFolder(t),
      forgetting: { m: report, other: { rows: [], why: null } },
    });
  const row = { name: 'a<b', before: 0.5, after: 0.25, difference: -0.25, interval: null, unit: 'share' } as const;
  const html = renderHtml(await evaluated({ rows: [{ ...row, verdict: 'not comparable' }], why: 'one & other' }));
  assert.match(html, /<section id="axis-forgetting"><h2>Forgetting<\/h2><h3>The run's own report: m<\/h3>/);
  assert.match(html, /<p class="quiet">one &amp; other<\/p>/);
  assert.match(html, /<a href="#axis-forgetting">Forgetting<\/a><span class="verdict unmeasured">reported by the run/);
  assert.match(
    html,
    /<th scope="row">a&lt;b<\/th><td data-label="before"><div>50\.0<\/div>.*<span class="verdict not-comparable">/,
  );
  assert.doesNotMatch(html, /What got worse/);
  const forgot = await evaluated({ rows: [{ ...row, verdict: 'regressed' }], why: null });
  assert.match(
    renderHtml(forgot),
    /What got worse<\/h2><ul><li>.*<strong>a&lt;b<\/strong>.*by the report of the run m: −25\.0/,
  );
  assert.match(
    renderMarkdown(forgot.result),
    /## What got worse\n\n- \*\*regressed\*\*: a<b, by the report of the run m: −25\.0/,
  );
  const unread = await evaluated({ rows: [], why: 'it cannot be read.' });
  assert.match(renderHtml(unread), /own report: m<\/h3><p class="quiet">it cannot be read\.<\/p>/);
  assert.match(renderMarkdown(unread.result), /## Forgetting: the report of the run m\n\nit cannot be read\./);
});
