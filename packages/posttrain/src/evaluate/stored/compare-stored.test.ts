import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { choices, parseSum, sums } from '../fixtures.test.support.ts';
import { modelJudge } from '../judge/judge-voices.ts';
import { TableModel } from '../models/table-model.ts';
import { renderHtml } from '../report/html.ts';
import { writeReports } from '../report/write-reports.ts';
import { parseRequirement } from '../results/requirement.ts';
import { defineTask, type Task } from '../task.ts';
import { byMutualInformation } from '../tasks/by-mutual-information.ts';
import { type CompareStoredOptions, compareStored } from './compare-stored.ts';
import { readStoredModel } from './read-evaluation.ts';

/** A figure that only code can make. */
const spread = defineTask({
  name: 'spread',
  version: 1,
  axis: 'reliability',
  about: 'How different answers are.',
  split: 'made',
  data: null,
  docs: () => Array.from({ length: 12 }, (_, i) => ({ i })),
  request: ({ i }) => ({ kind: 'generate', prompt: `${i} + 1 =`, maxTokens: 2 }),
  metrics: {
    range: {
      kind: 'aggregate',
      about: 'largest less smallest',
      higherIsBetter: true,
      compute: (values: readonly { readonly number: number }[]) =>
        Math.max(...values.map(({ number }) => number)) - Math.min(...values.map(({ number }) => number)),
    },
  },
  score: (_doc, { text }) => ({ values: { range: { number: Number(text) } } }),
});

const judged = defineTask({
  name: 'judged',
  version: 1,
  axis: 'citations',
  about: 'Support.',
  split: 'made',
  data: null,
  judged: true,
  docs: () => [{ a: 1 }, { a: 2 }],
  request: ({ a }) => ({ kind: 'generate', prompt: `${a} + 1 =`, maxTokens: 2 }),
  metrics: { supported: { kind: 'mean', about: 'supported', higherIsBetter: true } },
  score: async ({ a }, { text }, { judge, signal }) => {
    const found = await judge!.entails(String(a), text, { signal });
    return { values: { supported: found.status === 'judged' ? Number(found.value) : null } };
  },
});

const model = (id: string, right: (a: number) => boolean, more: Partial<{ weights: string; tokenizer: string }> = {}) =>
  new TableModel({
    id,
    weights: more.weights ?? `${id} ${[...Array(40).keys()].filter(right).join()}`,
    ...(more.tokenizer === undefined ? {} : { tokenizer: more.tokenizer }),
    answer: (prompt) => String(parseSum(prompt)[0] + (right(parseSum(prompt)[0]) ? 1 : 3)),
    logp: (context, text) => (context === '' ? 0 : text === ' c' ? Number.NEGATIVE_INFINITY : -text.charCodeAt(1)),
  });
const even = (a: number) => a % 2 === 0;
const all = () => true;

async function written(t: TestContext, models: readonly TableModel[], tasks: readonly Task[], limit?: number) {
  const folder = temporaryFolder(t);
  const evaluation = await runEvaluation({ models, tasks, limit, cacheDir: join(folder, 'cache'), draws: 200 });
  writeReports(join(folder, 'out'), evaluation);
  return join(folder, 'out');
}

const compare = (targets: readonly string[], options: Partial<CompareStoredOptions> = {}) =>
  compareStored(targets.map(readStoredModel), { tasks: [], draws: 200, ...options });

test('stored evaluations compare as if the models had been named in one call', async (t) => {
  const tasks = [sums(30), choices(6), byMutualInformation(choices(6, 'informed')), spread];
  const [before, after] = [model('before', even), model('after', all)];
  const direct = await runEvaluation({ models: [before, after], tasks, cacheDir: temporaryFolder(t), draws: 200 });
  const folders = [await written(t, [before], tasks), await written(t, [after], tasks)];
  const stored = compare(folders, { tasks: [spread] });
  assert.deepEqual(stored.result.comparisons, direct.result.comparisons);
  assert.deepEqual(stored.result.results, direct.result.results);
  assert.deepEqual(stored.result.warnings, direct.result.warnings);
  // The page shows the same documents that changed.
  assert.equal(renderHtml(stored), renderHtml(direct));
  const again = join(temporaryFolder(t), 'again');
  writeReports(again, stored);
  assert.equal(
    readFileSync(join(again, 'samples.jsonl'), 'utf8'),
    folders.map((folder) => readFileSync(join(folder, 'samples.jsonl'), 'utf8')).join(''),
    'what was read is written as it was',
  );
});

test('documents are paired by what they are, and those of one side are counted', async (t) => {
  const shifted: Task = { ...sums(30), docs: () => Array.from({ length: 20 }, (_, i) => ({ a: 29 - i, b: 1 })) };
  const first = await written(t, [model('before', even)], [sums(30)]);
  const second = await written(t, [model('after', all)], [shifted]);
  const { result } = compare([first, second]);
  const row = result.comparisons[0]!.rows.find(({ metric }) => metric === 'right')!;
  assert.equal(row.n, 20);
  // Documents 10 to 29 of the first; the odd ones were wrong.
  assert.deepEqual(
    row.fixed,
    [11, 13, 15, 17, 19, 21, 23, 25, 27, 29].reverse().sort((a, b) => a - b),
  );
  assert.deepEqual(result.comparisons[0]!.unpaired, [{ task: 'sums', before: 10, after: 0 }]);
  assert.match(
    result.warnings.join('\n'),
    /^sums: 10 documents of before and 0 of after are not in the other; differences are of those that both answered\./m,
  );
});

test('equal documents of one task stay apart', async (t) => {
  const twice: Task = { ...sums(4), docs: () => [0, 1, 1, 2].map((a) => ({ a, b: 1 })) };
  const first = await written(t, [model('before', even)], [twice]);
  const second = await written(t, [model('after', all)], [twice]);
  const [row] = compare([first, second]).result.comparisons[0]!.rows;
  assert.deepEqual([row!.n, row!.fixed], [4, [1, 2]]);
});

test('other versions, other prompts and missing code are not compared', async (t) => {
  const words = async (before: Task, after: Task, options: Partial<CompareStoredOptions> = {}) => {
    const folders = [await written(t, [model('b', even)], [before]), await written(t, [model('a', all)], [after])];
    return compare(folders, options).result.comparisons[0]!.rows.map(({ verdict, why }) => `${verdict}: ${why}`);
  };
  assert.deepEqual(await words(sums(8), { ...sums(8), version: 2 }), [
    'not comparable: it is version 1 of the task on one side and 2 on the other',
    'not comparable: it is version 1 of the task on one side and 2 on the other',
  ]);
  const reworded: Task = {
    ...sums(8),
    request: (doc) =>
      ({ ...sums(8).request(doc), prompt: `${(doc as { a: number }).a} + 1 = ` }) as ReturnType<Task['request']>,
  };
  assert.match((await words(sums(8), reworded))[0]!, /^not comparable: 8 documents were asked in other words/);
  assert.deepEqual(await words(spread, spread), [
    'not comparable: it is made by the code of spread: name its file with --tasks',
  ]);
  assert.match((await words(spread, spread, { tasks: [{ ...spread, version: 2 }] }))[0]!, /name its file with --tasks/);
  assert.match((await words(spread, spread, { tasks: [spread] }))[0]!, /^inconclusive/);
});

test('figures of other judges are not compared', async (t) => {
  const folders: string[] = [];
  for (const id of ['one', 'two']) {
    const judge = modelJudge(new TableModel({ id: `judge ${id}`, answer: () => '{"supported": true}' }));
    const out = join(temporaryFolder(t), 'out');
    const call = { models: [model(id, all)], tasks: [judged], judge, cacheDir: temporaryFolder(t) };
    writeReports(out, await runEvaluation(call));
    folders.push(out);
  }
  const [row] = compare(folders).result.comparisons[0]!.rows;
  assert.deepEqual(
    [row!.verdict, row!.why],
    ['not comparable', 'it was judged by judge one on one side and by judge two on the other'],
  );
});

test('tokenizers, precisions and equal weights are looked at', async (t) => {
  const first = await written(t, [model('m', even)], [sums(6)]);
  const other = model('m', all, { tokenizer: 'bytes' });
  Object.assign(other, { fingerprint: { ...other.fingerprint, dtype: 'bf16', engine: 'other' } });
  const second = await written(t, [other], [sums(6)]);
  const { result } = compare([first, second]);
  assert.equal(result.comparisons[0]!.rows.find(({ metric }) => metric === 'length')!.verdict, 'not comparable');
  const said = result.warnings.join('\n');
  assert.match(said, /were computed in fp64 and bf16: small differences may come from that\./);
  assert.match(said, /were computed by table and other\./);
  const ids = result.models.map(({ id }) => id);
  assert.equal(new Set(ids).size, 2, `${ids.join()}: two models of one name are told apart by their folders`);
  assert.match(compare([first, `${first}/.`]).result.warnings.join('\n'), /have the same weights\./);
});

test('requirements hold the last stored model', async (t) => {
  const folders = [await written(t, [model('b', all)], [sums(40)]), await written(t, [model('a', even)], [sums(40)])];
  const { result } = compare(folders, {
    requirements: ['change of sums.right > -0.2', 'sums.right >= 0.2'].map(parseRequirement),
  });
  assert.deepEqual(
    result.requirements.map(({ outcome }) => outcome),
    ['failed', 'passed'],
  );
  assert.throws(() => compare(folders, { requirements: [parseRequirement('sums.rihgt > 0')] }), {
    message: 'the requirement "sums.rihgt > 0" names a figure that is not evaluated.',
  });
});

test('what is no evaluation, or several models, says so', async (t) => {
  const two = await written(t, [model('one', all), model('two', even)], [sums(3)]);
  assert.throws(() => readStoredModel(two), {
    code: 'usage',
    message: `${two} holds 2 models, and one is compared.`,
    help: `write ${two}#one or ${two}#two.`,
  });
  assert.throws(() => readStoredModel(`${two}#tow`), {
    message: `${two} holds no model tow.`,
    help: /^write .*#two or /,
  });
  assert.equal(readStoredModel(`${two}#two`).items.get('sums')!.length, 3);
  const empty = temporaryFolder(t);
  assert.throws(() => readStoredModel(empty), {
    code: 'file-missing',
    message: `${empty} holds no evaluation: there is no scorecard.json.`,
  });
  const samples = join(two, 'samples.jsonl');
  writeFileSync(samples, readFileSync(samples, 'utf8').split('\n').slice(1).join('\n'));
  assert.throws(() => readStoredModel(`${two}#one`), {
    message: 'samples.jsonl does not hold what scorecard.json says: 2 of 3 documents of sums.',
  });
  writeFileSync(join(two, 'scorecard.json'), '{"version": 2}');
  assert.throws(() => readStoredModel(two), { message: 'it is a report of version 2, and 1 is read here.' });
  writeFileSync(join(two, 'scorecard.json'), '{');
  assert.throws(() => readStoredModel(two), { message: /^it is no JSON: / });
});
