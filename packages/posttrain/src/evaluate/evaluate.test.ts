import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { type EvaluateOptions, evaluate, runEvaluation } from './evaluate.ts';
import { choices, parseSum, sums } from './fixtures.test.support.ts';
import { TableModel } from './models/table-model.ts';
import { writeReports } from './report/write-reports.ts';
import type { EvaluateEvent } from './runner/events.ts';
import { trainingTextsOf } from './runner/training-texts.ts';
import { defineTask } from './task.ts';

const good = (id = 'good') => new TableModel({ id, answer: (prompt) => String(parseSum(prompt)[0] + 1) });
/** Right on even numbers only. */
const half = (id = 'half') =>
  new TableModel({ id, answer: (prompt) => String(parseSum(prompt)[0] + 1 + (parseSum(prompt)[0] % 2)) });

function optionsFor(t: TestContext, options: Omit<EvaluateOptions, 'cacheDir'>): EvaluateOptions {
  return { cacheDir: join(temporaryFolder(t), 'cache'), draws: 200, ...options };
}

test('figures, counts and outcomes of a task', async (t) => {
  const { result } = await runEvaluation(optionsFor(t, { models: [half()], tasks: [sums(10)] }));
  const [task] = result.results;
  assert.equal(task!.n, 10);
  assert.equal(task!.metrics[0]!.value, 0.5);
  assert.equal(task!.metrics[0]!.method, 'wilson');
  assert.equal(task!.metrics[1]!.value, 1);
  assert.deepEqual(task!.outcomes, { correct: 5, incorrect: 5, abstained: 0, unparseable: 0 });
  assert.deepEqual(result.comparisons, []);
  assert.equal(result.partial, false);
});

test('two models are compared document by document', async (t) => {
  const { result } = await runEvaluation(optionsFor(t, { models: [half(), good()], tasks: [sums(20)] }));
  const row = result.comparisons[0]!.rows.find(({ metric }) => metric === 'right')!;
  assert.deepEqual(row.fixed, [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  assert.deepEqual(row.broken, []);
  assert.equal(row.difference.value, 0.5);
  // 10 fixed and 0 broken: p = 2 / 2^10. The other row has p 1, so Holm doubles the smaller.
  assert.equal(row.difference.p, 2 / 1024);
  assert.equal(row.test, 'mcnemar');
  assert.equal(row.adjusted, 4 / 1024);
  assert.equal(row.verdict, 'improved');
});

test('an evaluation that is run again asks nothing and reports the same bytes', async (t) => {
  const folder = temporaryFolder(t);
  const read = (dir: string) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')])
      .sort();
  const run = async (out: string, cache: string) => {
    const models = [half(), good()];
    const tasks = [sums(20), choices(6)];
    const evaluation = await runEvaluation({ models, tasks, cacheDir: join(folder, cache), draws: 200 });
    writeReports(join(folder, out), evaluation);
    return models.map(({ asked }) => asked);
  };
  assert.deepEqual(await run('one', 'cache'), [26, 26]);
  assert.deepEqual(await run('two', 'cache'), [0, 0]);
  assert.deepEqual(await run('fresh', 'other'), [26, 26]);
  assert.ok(read(join(folder, 'one')).length >= 8);
  assert.deepEqual(read(join(folder, 'two')), read(join(folder, 'one')));
  assert.deepEqual(read(join(folder, 'fresh')), read(join(folder, 'one')));
});

test('an aborted evaluation gives what it has, marked partial, and goes on without repeating a request', async (t) => {
  const options = optionsFor(t, { models: [], tasks: [sums(40)], batch: { characters: 1e6, requests: 8 } });
  const stop = new AbortController();
  const first = half();
  const partial = await runEvaluation({ ...options, models: [first], signal: stop.signal }, (event) => {
    if (event.type === 'progress' && event.done === 16) stop.abort();
  });
  assert.equal(first.asked, 16);
  assert.equal(partial.result.partial, true);
  assert.equal(partial.result.results[0]!.n, 16);
  assert.match(partial.result.warnings.join('\n'), /16 of 40 documents were answered/);
  const second = half();
  const whole = await runEvaluation({ ...options, models: [second] });
  assert.equal(second.asked, 24);
  assert.equal(whole.result.partial, false);
  const fresh = await runEvaluation({ ...options, models: [half()], cacheDir: join(temporaryFolder(t), 'x') });
  assert.deepEqual(whole.result, fresh.result);
});

test('a last cache line that a killed process left unfinished is asked again', async (t) => {
  const options = optionsFor(t, { models: [], tasks: [sums(5)] });
  await runEvaluation({ ...options, models: [good()] });
  const file = join(options.cacheDir, readdirSync(options.cacheDir)[0]!);
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -10));
  const model = good();
  await runEvaluation({ ...options, models: [model] });
  assert.equal(model.asked, 1);
});

test('other weights, tokenizers and samples miss the cache; another limit does not', async (t) => {
  const options = optionsFor(t, { models: [], tasks: [sums(12)] });
  const asked = async (model: TableModel, more: Partial<EvaluateOptions> = {}) => {
    await runEvaluation({ ...options, ...more, models: [model] });
    return model.asked;
  };
  const table = (weights: string, tokenizer = 'words') => new TableModel({ id: 'm', weights, tokenizer });
  assert.equal(await asked(table('a'), { limit: 4 }), 4);
  assert.equal(await asked(table('a'), { limit: 7 }), 3);
  assert.equal(await asked(table('a')), 5);
  assert.equal(await asked(table('b')), 12);
  assert.equal(await asked(table('a', 'bytes')), 12);
});

test('samples are different requests with seeds of their own, whatever else is asked', async (t) => {
  const task = (samples: number, n: number) =>
    defineTask({
      name: 'drawn',
      version: 1,
      axis: 'reliability',
      about: 'Drawn answers.',
      split: 'made',
      data: null,
      docs: () => Array.from({ length: n }, (_, i) => ({ text: `prompt ${i}` })),
      request: ({ text }) => ({ kind: 'generate', prompt: text, maxTokens: 4, temperature: 1, samples }),
      metrics: { same: { kind: 'mean', about: 'same', higherIsBetter: true } },
      score: (_doc, { answers }) => ({
        values: { same: new Set(answers.map(({ text }) => text)).size },
        prediction: answers.map(({ text }) => text).join(' '),
      }),
    });
  const drawing = () => new TableModel({ answer: (_prompt, seed) => String(seed) });
  const options = optionsFor(t, { models: [], tasks: [] });
  const draw = async (samples: number, n: number, more: Partial<EvaluateOptions> = {}) => {
    const model = drawing();
    const { runs } = await runEvaluation({ ...options, ...more, models: [model], tasks: [task(samples, n)] });
    return { asked: model.asked, drawn: runs[0]!.items.map(({ prediction }) => prediction!.split(' ')) };
  };
  const four = await draw(4, 3);
  assert.equal(four.asked, 12);
  assert.equal(new Set(four.drawn.flat()).size, 12);
  const six = await draw(6, 5);
  assert.equal(six.asked, 30 - 12);
  assert.deepEqual(six.drawn[1]!.slice(0, 4), four.drawn[1]);
  const reseeded = await draw(4, 3, { seed: 2 });
  assert.equal(reseeded.asked, 12);
  assert.notDeepEqual(reseeded.drawn, four.drawn);
});

test('a prompt of which the model could not see the start is counted', async (t) => {
  const model = good();
  const generate = model.generate.bind(model);
  model.generate = async (...asked) => (await generate(...asked)).map((one, i) => ({ ...one, cut: i === 0 ? 1 : 0 }));
  const { result } = await runEvaluation(optionsFor(t, { models: [model], tasks: [sums(5)] }));
  assert.equal(result.results[0]!.counts.truncated, 1);
  assert.match(result.warnings[0]!, /prompts truncated: 1/);
});

test('answers without temperature are asked as often as they are wanted: servers do not always repeat themselves', async (t) => {
  const greedy = { ...sums(3), request: (doc: unknown) => ({ ...sums(3).request(doc), samples: 4 }) } as ReturnType<
    typeof sums
  >;
  const model = good();
  await runEvaluation(optionsFor(t, { models: [model], tasks: [greedy] }));
  assert.equal(model.asked, 12);
});

test('batch sizes change nothing', async (t) => {
  const run = async (requests: number) => {
    const options = optionsFor(t, { models: [half()], tasks: [sums(30), choices(9)] });
    return (await runEvaluation({ ...options, batch: { characters: 1e9, requests } })).result;
  };
  assert.deepEqual(await run(1), await run(16));
});

test('events count every request and carry a partial figure', async (t) => {
  const events: EvaluateEvent[] = [];
  const options = optionsFor(t, {
    models: [half(), good()],
    tasks: [sums(10)],
    batch: { characters: 1e6, requests: 4 },
  });
  for await (const event of evaluate(options)) events.push(event);
  assert.deepEqual(events[0], { type: 'plan', tasks: [{ task: 'sums', documents: 10, of: 10 }], total: 20 });
  const progress = events.filter((event) => event.type === 'progress');
  assert.deepEqual(
    progress.map(({ done }) => done),
    [4, 8, 10, 14, 18, 20],
  );
  assert.equal(progress[2]!.partial.value, 0.5);
  assert.equal(progress[2]!.partial.n, 10);
  assert.ok(progress[2]!.partial.interval!.low < 0.5);
  assert.equal(progress.at(-1)!.etaSeconds, 0);
  assert.equal(events.filter((event) => event.type === 'task').length, 2);
});

test('a closed model is opened when its turn comes and closed after it', async (t) => {
  const log: string[] = [];
  const closed = (id: string) => ({
    id,
    open: async () => {
      log.push(`open ${id}`);
      return Object.assign(half(id), { [Symbol.asyncDispose]: async () => void log.push(`close ${id}`) });
    },
  });
  await runEvaluation(optionsFor(t, { models: [closed('a'), closed('b')], tasks: [sums(3)] }));
  assert.deepEqual(log, ['open a', 'close a', 'open b', 'close b']);
});

test('a model that finds all choices equal is invalid, not scored', async (t) => {
  const equal = new TableModel({ id: 'equal' });
  const first = new TableModel({ id: 'first', logp: (_context, text) => -' abc'.indexOf(text.trim()) });
  const { result } = await runEvaluation(optionsFor(t, { models: [equal, first], tasks: [choices(8)] }));
  const [degenerate, sound] = result.results;
  assert.equal(degenerate!.invalid, 'all choices are equally likely in 8 of 8 items');
  assert.ok(Math.abs(degenerate!.metrics[0]!.value! - 1 / 3) < 1e-12, 'ties share the credit');
  assert.equal(degenerate!.counts.tied, 8);
  assert.equal(sound!.invalid, null);
  assert.equal(sound!.metrics[0]!.value, 1);
  assert.equal(result.comparisons[0]!.rows[0]!.verdict, 'invalid');
});

test('exactly half of the items being equal is still scored', async (t) => {
  const logp = (context: string, text: string) =>
    Number(/\d+/.exec(context)![0]) < 4 ? 0 : -text.length - ' abc'.indexOf(text.trim());
  const { result } = await runEvaluation(optionsFor(t, { models: [new TableModel({ logp })], tasks: [choices(8)] }));
  assert.equal(result.results[0]!.counts.allEqual, 4);
  assert.equal(result.results[0]!.invalid, null);
});

test('truncated, cut, empty and unparseable answers are counted and said', async (t) => {
  const odd = new TableModel({
    answer: (prompt) => ['', 'one two three', 'none', '4'][parseSum(prompt)[0] % 4]!,
    contextLength: 0,
  });
  const { result } = await runEvaluation(optionsFor(t, { models: [odd], tasks: [sums(4), choices(2)] }));
  const { counts } = result.results[0]!;
  assert.deepEqual(
    [counts.empty, counts.lengthHit, counts.unparseable, result.results[1]!.counts.truncated],
    [1, 1, 3, 2],
  );
  assert.match(
    result.warnings[0]!,
    /^sums, table: answers cut at maxTokens: 1, answers empty: 1, answers unparseable: 3 \(of 4\)\.$/,
  );
});

test('a figure that counts tokens is not comparable between tokenizers', async (t) => {
  const other = new TableModel({ id: 'bytes', tokenizer: 'bytes', answer: () => '1' });
  const { result } = await runEvaluation(optionsFor(t, { models: [good(), other], tasks: [sums(6)] }));
  const [right, length] = result.comparisons[0]!.rows;
  assert.equal(length!.verdict, 'not comparable');
  assert.equal(
    length!.why,
    'good and bytes have different tokenizers, and the figure counts tokens; compare bits per byte',
  );
  assert.notEqual(right!.verdict, 'not comparable');
});

test('documents in the training data are found, and figures are given without them', async (t) => {
  const long = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen';
  const task = defineTask({
    name: 'texts',
    version: 1,
    axis: 'domain',
    about: 'Texts.',
    split: 'made',
    data: null,
    docs: () => [
      { text: `${long} alpha`, seen: 1 },
      { text: `x ${long.slice(0, -9)} y`, seen: 1 },
      { text: 'short one', seen: 0 },
      { text: 'short two', seen: 1 },
      { text: long.slice(14), seen: 0 },
    ],
    request: ({ text }) => ({ kind: 'rolling', text }),
    metrics: { seen: { kind: 'mean', about: 'seen', higherIsBetter: true } },
    score: ({ seen }) => ({ values: { seen } }),
  });
  const texts = [`Before. ${long.toUpperCase()}!`, 'Short, two', 'a text with short one in it'];
  const { result, runs } = await runEvaluation(
    optionsFor(t, { models: [good()], tasks: [task], training: { label: 'run', texts } }),
  );
  assert.deepEqual([...runs[0]!.overlapping!].sort(), [0, 1, 3]);
  assert.equal(result.results[0]!.overlap, 3);
  assert.deepEqual(result.results[0]!.metrics[0]!.clean, { value: 0, n: 2 });
  assert.equal(result.overlapWith, 'run');
});

test('the training data of a run is read from what its recipe names', async (t) => {
  const folder = temporaryFolder(t);
  const rows = [
    {
      messages: [
        { role: 'user', content: '3 + 1 =' },
        { role: 'assistant', content: '4' },
      ],
    },
    { prompt: '5 + 1 =', completion: '6' },
    { text: 'nothing of it' },
  ];
  for (const [i, row] of rows.entries()) writeFileSync(join(folder, `${i}.jsonl`), JSON.stringify(row));
  const train = rows.map((_, i) => ({ path: join(folder, `${i}.jsonl`), weight: 1 }));
  writeFileSync(join(folder, 'resolved.json'), JSON.stringify({ data: { train } }));
  const { runs } = await runEvaluation(
    optionsFor(t, { models: [good()], tasks: [sums(8)], training: trainingTextsOf(folder) }),
  );
  assert.deepEqual([...runs[0]!.overlapping!], [3, 5]);
});

test('stopped while the training data is read, an evaluation is partial and asks nothing', async (t) => {
  const stop = new AbortController();
  async function* texts() {
    stop.abort();
    yield 'a text';
  }
  const model = good();
  const call = { models: [model], tasks: [sums(3)], training: { label: 'run', texts: texts() }, signal: stop.signal };
  const evaluation = await runEvaluation(optionsFor(t, call));
  assert.deepEqual([evaluation.result.partial, evaluation.result.results, model.asked], [true, [], 0]);
  writeReports(join(temporaryFolder(t), 'out'), evaluation);
});

test('mistakes of the call name what is wrong', async (t) => {
  const refused = async (options: Omit<EvaluateOptions, 'cacheDir'>, message: RegExp) => {
    const all = optionsFor(t, options);
    await assert.rejects(runEvaluation(all), (error) => PosttrainError.is(error) && message.test(error.message));
    assert.ok(!existsSync(all.cacheDir), 'nothing was asked');
  };
  await refused({ models: [], tasks: [sums(2)] }, /^There is no model to evaluate\.$/);
  await refused({ models: [good()], tasks: [] }, /^There is no task to evaluate\.$/);
  await refused({ models: [good(), good()], tasks: [sums(2)] }, /two models are called good/);
  await refused({ models: [good()], tasks: [sums(2), sums(3)] }, /two tasks are called sums/);
  await refused({ models: [good()], tasks: [sums(2)], limit: 0 }, /limit is 0/);
  const data = { ...sums(2, 'named'), data: 'files' };
  await refused({ models: [good()], tasks: [data] }, /task named has no data/);
  const judged = { ...sums(2), judged: true };
  await refused({ models: [good()], tasks: [judged] }, /task sums needs a judge/);
  await refused(
    { models: [good()], tasks: [sums(2)], margins: { 'sums.rihgt': 0.1 } },
    /the margin of sums\.rihgt names a figure that is not evaluated/,
  );
});

test('a score that is NaN, or missing, names task, document and metric', async (t) => {
  const broken = (value: number | undefined) =>
    ({ ...sums(3), score: () => ({ values: { right: value, length: null } }) }) as unknown as ReturnType<typeof sums>;
  for (const [value, word] of [
    [Number.NaN, 'NaN'],
    [undefined, 'missing'],
  ] as const)
    await assert.rejects(runEvaluation(optionsFor(t, { models: [good()], tasks: [broken(value)] })), {
      message: `task sums, document 2: right is ${word}.`,
    });
});

test('a log-likelihood that is no number stops before it is kept', async (t) => {
  const model = new TableModel({ logp: () => Number.NaN });
  await assert.rejects(runEvaluation(optionsFor(t, { models: [model], tasks: [choices(2)] })), {
    code: 'non-finite',
    message: 'table gives a log-likelihood of NaN.',
  });
});
