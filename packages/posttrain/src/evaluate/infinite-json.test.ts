import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { runEvaluation } from './evaluate.ts';
import { choices } from './fixtures.test.support.ts';
import { withInfinities, withMarkedInfinities } from './infinite-json.ts';
import { TableModel } from './models/table-model.ts';
import { writeReports } from './report/write-reports.ts';
import { defineTask } from './task.ts';
import { byMutualInformation } from './tasks/by-mutual-information.ts';

test('infinities survive JSON, and NaN is refused with its place', () => {
  const value = { a: [Number.NEGATIVE_INFINITY, 1, null], b: { c: Number.POSITIVE_INFINITY, d: '-Infinity' } };
  assert.deepEqual(withInfinities(JSON.parse(JSON.stringify(withMarkedInfinities(value)))), value);
  assert.throws(() => withMarkedInfinities({ figures: [{ value: Number.NaN }] }), {
    code: 'non-finite',
    message: 'figures[0].value is NaN.',
  });
});

/** "a" is right and cannot be; of the others "c" is likelier than "b". */
const impossible = () =>
  new TableModel({
    id: 'm',
    logp: (_context, text) => (text === ' a' ? Number.NEGATIVE_INFINITY : -('d'.charCodeAt(0) - text.charCodeAt(1))),
  });

test('a choice of probability 0 is never the answer, also when it comes from the cache', async (t) => {
  const folder = temporaryFolder(t);
  const run = async () => {
    const model = impossible();
    const evaluation = await runEvaluation({ models: [model], tasks: [choices(5)], cacheDir: join(folder, 'cache') });
    return { evaluation, asked: model.asked };
  };
  const first = await run();
  const again = await run();
  assert.deepEqual([first.asked, again.asked], [5, 0]);
  for (const { evaluation } of [first, again]) {
    const [result] = evaluation.result.results;
    assert.equal(result!.metrics[0]!.value, 0);
    assert.equal(result!.counts.impossible, 5);
    assert.equal(result!.counts.tied, 0);
  }
  assert.match(first.evaluation.result.warnings.join('\n'), /log-likelihoods of −∞: 5 \(of 5\)/);
  writeReports(join(folder, 'out'), first.evaluation);
  assert.match(readFileSync(join(folder, 'out/samples.jsonl'), 'utf8'), /\[\[\[\{"\$number":"-Infinity"\},false\]\]/);
  for (const name of readdirSync(join(folder, 'cache')))
    assert.doesNotMatch(readFileSync(join(folder, 'cache', name), 'utf8'), /"logp":null/);
});

test('choices that are all impossible tie', async (t) => {
  const model = new TableModel({ logp: () => Number.NEGATIVE_INFINITY });
  const { result } = await runEvaluation({ models: [model], tasks: [choices(6)], cacheDir: temporaryFolder(t) });
  assert.equal(result.results[0]!.counts.tied, 6);
  assert.equal(result.results[0]!.invalid, 'all choices are equally likely in 6 of 6 items');
});

test('a text of probability 0 makes the task invalid instead of better', async (t) => {
  const task = defineTask({
    name: 'texts',
    version: 1,
    axis: 'forgetting',
    about: 'Texts.',
    split: 'made',
    data: null,
    docs: () => [{ text: 'one' }, { text: 'two' }, { text: 'three' }],
    request: ({ text }) => ({ kind: 'rolling', text }),
    metrics: { bits: { kind: 'ratio', about: 'bits', higherIsBetter: false } },
    score: ({ text }, { logp }) => ({ values: { bits: { numerator: -logp, denominator: text.length } } }),
  });
  const model = new TableModel({ logp: (_, text) => (text === 'two' ? Number.NEGATIVE_INFINITY : -8) });
  const { result } = await runEvaluation({ models: [model], tasks: [task], cacheDir: temporaryFolder(t) });
  assert.equal(result.results[0]!.invalid, 'the log-likelihood of 1 of 3 texts is −∞');
  assert.equal(result.results[0]!.metrics[0]!.missing, 1);
});

test('mutual information subtracts what a choice is worth by itself, and asks that once', async (t) => {
  // "a" is common anywhere, "c" is likelier after the question than by itself. By log p: a; by mutual information: c.
  const table: Readonly<Record<string, readonly [number, number]>> = {
    ' a': [-1, -0.5],
    ' b': [-6, -5],
    ' c': [-2, -4],
  };
  const model = () => new TableModel({ logp: (context, text) => table[text]![context === '' ? 1 : 0] });
  const run = async (task: ReturnType<typeof choices>) => {
    const asked = model();
    const { result, runs } = await runEvaluation({ models: [asked], tasks: [task], cacheDir: temporaryFolder(t) });
    return { value: result.results[0]!.metrics[0]!.value, asked: asked.asked, item: runs[0]!.items[0]! };
  };
  const plain = await run(choices(4));
  assert.deepEqual([plain.value, plain.asked, plain.item.prediction], [1, 4, 'a']);
  const informed = await run(byMutualInformation(choices(4)));
  assert.deepEqual([informed.value, informed.asked, informed.item.prediction], [0, 4 + 1, 'c']);
  assert.ok(informed.item.response.kind === 'loglikelihood');
  assert.deepEqual(
    informed.item.response.unconditional!.map(({ logp }) => logp),
    [-0.5, -5, -4],
  );
  assert.deepEqual(
    informed.item.response.choices.map(({ logp }) => logp),
    [-1, -6, -2],
    'samples hold what the model said',
  );
});

test('mutual information of what cannot be', async (t) => {
  // "a" is impossible both after the question and by itself; "b" only by itself.
  const model = new TableModel({
    logp: (context, text) =>
      text === ' a' || (text === ' b' && context === '') ? Number.NEGATIVE_INFINITY : text === ' b' ? -9 : -1,
  });
  const { runs, result } = await runEvaluation({
    models: [model],
    tasks: [byMutualInformation(choices(3))],
    cacheDir: temporaryFolder(t),
  });
  assert.equal(runs[0]!.items[0]!.prediction, 'b');
  assert.equal(result.results[0]!.metrics[0]!.value, 0);
});
