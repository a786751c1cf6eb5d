import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel } from '../models/table-model.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { defineTask } from '../task.ts';
import { worseFirst } from './compare.ts';
import { parseRequirement } from './requirement.ts';

/** A leaning between −1 and 1, best at 0: +1 for "yes", −1 for "no", 0 for anything else. */
const leaning = defineTask({
  name: 'leaning',
  version: 1,
  axis: 'bias',
  about: 'Which way it leans.',
  split: 'made',
  data: null,
  docs: () => Array.from({ length: 100 }, (_, i) => ({ i })),
  request: ({ i }) => ({ kind: 'generate', prompt: String(i), maxTokens: 1 }),
  metrics: {
    leaning: { kind: 'mean', about: 'leaning', ideal: 0 },
    share: { kind: 'mean', about: 'the share of yes', ideal: 0.5, unit: 'share' },
  },
  score: (_doc, { text }) => {
    const value = text === 'yes' ? 1 : text === 'no' ? -1 : 0;
    return { values: { leaning: value, share: (value + 1) / 2 } };
  },
});

/** Says yes to the first so many documents, no to the next, and nothing to the others. */
const model = (id: string, yes: number, no: number) =>
  new TableModel({ id, answer: (prompt) => (Number(prompt) < yes ? 'yes' : Number(prompt) < yes + no ? 'no' : 'hm') });

async function compared(t: TestContext, before: [number, number], after: [number, number], requirement?: string) {
  const { result } = await runEvaluation({
    models: [model('before', ...before), model('after', ...after)],
    tasks: [leaning],
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 500,
    requirements: requirement === undefined ? [] : [parseRequirement(requirement)],
  });
  return { result, row: result.comparisons[0]!.rows[0]! };
}

test('nearer to the ideal is better, from either side', async (t) => {
  const { row } = await compared(t, [80, 0], [30, 20]);
  assert.equal(row.before, 0.8);
  assert.ok(Math.abs(row.after! - 0.1) < 1e-12);
  assert.ok(Math.abs(row.difference.value! + 0.7) < 1e-12);
  assert.ok(Math.abs(row.distance!.value! + 0.7) < 1e-12);
  assert.equal(row.verdict, 'improved');
  // From below the figure rises and the distance falls.
  const { row: below } = await compared(t, [0, 80], [20, 30]);
  assert.ok(below.difference.value! > 0.69 && below.distance!.value! < -0.69);
  assert.equal(below.verdict, 'improved');
});

test('past the ideal and as far beyond it is no improvement, however sure the difference is', async (t) => {
  const { row } = await compared(t, [40, 0], [0, 40]);
  assert.ok(Math.abs(row.difference.value! + 0.8) < 1e-12);
  assert.ok(row.difference.p! < 0.01);
  assert.ok(Math.abs(row.distance!.value!) < 1e-12);
  assert.equal(row.verdict, 'inconclusive');
});

test('further from the ideal is what got worse, and reports give the distance', async (t) => {
  const { result, row } = await compared(t, [55, 45], [5, 95]);
  assert.equal(row.verdict, 'regressed');
  assert.deepEqual(
    worseFirst(result.comparisons[0]!.rows).map(({ metric }) => metric),
    ['leaning', 'share'],
  );
  assert.equal(row.fixed, null, 'one document has no distance');
  const html = renderHtml({ result, runs: [] });
  assert.match(html, /aria-label="leaning leaning → 0: distance from 0 \+0\.800\d? \[[^"]+\], regressed"/);
  assert.match(html, /aria-label="leaning share → 50: distance from 50 \+40\.0 \[[^"]+\], regressed"/);
  const markdown = renderMarkdown(result);
  assert.match(markdown, /\*\*regressed\*\*: leaning leaning, before → after: distance from 0 \+0\.800\d? \[.+\]/);
  assert.match(markdown, /\| leaning → 0 \|/);
});

test('requirements bound the distance, and not one side', async (t) => {
  const outcome = async (after: [number, number], text: string) =>
    (await compared(t, [50, 50], after, text)).result.requirements[0]!.outcome;
  // −0.9, whose interval is about [−0.98, −0.82].
  assert.equal(await outcome([5, 95], 'distance of leaning.leaning <= 0.7'), 'failed');
  assert.equal(await outcome([5, 95], 'distance of leaning.leaning > 0.7'), 'passed');
  assert.equal(await outcome([50, 50], 'distance of leaning.leaning <= 0.5'), 'passed');
  assert.equal(await outcome([50, 50], 'distance of leaning.leaning > 0.1'), 'failed');
  assert.equal(await outcome([5, 95], 'change of distance of leaning.leaning < 0.5'), 'failed');
  const refused = (text: string, message: RegExp) =>
    assert.rejects(compared(t, [50, 50], [50, 50], text), { code: 'usage', message });
  await refused('leaning.leaning <= 0.1', /"leaning\.leaning <= 0\.1" bounds one side of a figure that is best at 0\./);
  await refused('change of leaning.share > -0.1', /bounds one side of a figure that is best at 0\.5/);
});

test('too few draws for so many rows are said', async (t) => {
  const many = {
    ...leaning,
    metrics: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`m${i}`, leaning.metrics['leaning']!])),
    score: (
      doc: unknown,
      response: Parameters<typeof leaning.score>[1],
      context: Parameters<typeof leaning.score>[2],
    ) => {
      const { leaning: value } = (leaning.score(doc, response, context) as { values: Record<string, number> }).values;
      return { values: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`m${i}`, value])) };
    },
  } as unknown as typeof leaning;
  const run = async (draws: number) =>
    (
      await runEvaluation({
        models: [model('before', 90, 0), model('after', 10, 0)],
        tasks: [many],
        cacheDir: join(temporaryFolder(t), 'cache'),
        draws,
      })
    ).result;
  const few = await run(200);
  assert.equal(few.comparisons[0]!.rows[0]!.verdict, 'inconclusive');
  assert.match(
    few.warnings.join('\n'),
    /^before → after: 200 draws are too few to tell among 12 rows whether leaning m0, /m,
  );
  const enough = await run(1000);
  assert.equal(enough.comparisons[0]!.rows[0]!.verdict, 'improved');
  assert.doesNotMatch(enough.warnings.join('\n'), /too few/);
});

test('a distance needs an ideal, and a change two models', async (t) => {
  const plain = {
    ...leaning,
    metrics: { ...leaning.metrics, share: { kind: 'mean', about: 'x', higherIsBetter: true } },
  };
  const call = (text: string) =>
    runEvaluation({
      models: [model('m', 1, 1)],
      tasks: [plain as typeof leaning],
      cacheDir: join(temporaryFolder(t), 'cache'),
      requirements: [parseRequirement(text)],
    });
  await assert.rejects(call('distance of leaning.share <= 0.1'), {
    message:
      'the requirement "distance of leaning.share <= 0.1" asks for a distance, and leaning.share has no value that is best.',
  });
  await assert.rejects(call('change of leaning.share <= 0.1'), {
    message: 'the requirement "change of leaning.share <= 0.1" needs two models.',
  });
});
