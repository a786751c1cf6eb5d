import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defineTask } from '../evaluate/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { Study } from './definition.ts';
import { yesTask } from './fake-bench.test.support.ts';
import { countRuns, seedRuns, sweepRuns } from './planned-runs.ts';
import { planStudy } from './run-study.ts';

const made = yesTask('made', 10);
/** Reads a file: the same task is development or test by what it is given. */
const filed = defineTask({ ...made, name: 'filed', data: 'filed' } as typeof made);
const judged = defineTask({ ...made, name: 'judged', judged: true } as typeof made);
const tasks = [made, yesTask('test', 10), filed, judged];

function scene(t: TestContext) {
  const folder = temporaryFolder(t);
  const rows = join(folder, 'rows.jsonl');
  writeFileSync(rows, '{}\n');
  const recipe = { method: 'sft' as const, model: 'pocket', data: { train: rows }, steps: 3 };
  const study: Study = {
    arms: { base: { model: 'pocket' }, sft: { ...recipe, lr: [1e-3, 1e-2, 1e-1] }, plain: { ...recipe, lr: 1e-3 } },
    seeds: [3, 1, 2],
    choose: { tasks: ['made'], seed: 9 },
    evaluate: { tasks: ['test'] },
  };
  return {
    folder,
    rows,
    study,
    plan: (changes: Partial<Study>) => planStudy({ ...study, ...changes }, { tasks, dir: join(folder, 'out') }),
  };
}

test('a plan holds all that decides, defaults included, and neither seed nor threads of a recipe', async (t) => {
  const { plan: prepare, rows } = scene(t);
  const { plan, arms } = await prepare({});
  assert.deepEqual([plan.name, plan.baseline, plan.seeds, plan.allow], ['study', 'base', [3, 1, 2], []]);
  assert.deepEqual(plan.choose, {
    tasks: [{ name: 'made', version: 1 }],
    data: {},
    task: 'made',
    metric: 'right',
    seed: 9,
    limit: null,
  });
  assert.deepEqual(plan.evaluate, {
    tasks: [{ name: 'test', version: 1 }],
    ...{ data: {}, limit: null, seed: 1, precision: 'fp32', margins: {}, require: [] },
  });
  assert.deepEqual(Object.keys(plan.files), [rows]);
  const recipe = plan.arms[1]!.points[2]!.recipe;
  assert.deepEqual([recipe.lr, recipe.batch, recipe.optimizer.kind], [0.1, 16, 'adamw']);
  for (const key of ['seed', 'threads', 'every']) assert.ok(!(key in recipe), key);
  // 3 points with seed 9, then 3 seeds of each trained arm.
  assert.equal(countRuns(arms, plan), 9);
  assert.deepEqual(
    sweepRuns(arms, plan).map(({ id, recipe: { lr, seed } }) => [id, lr, seed]),
    [
      ['sft/lr=0.001/seed-9', 1e-3, 9],
      ['sft/lr=0.01/seed-9', 1e-2, 9],
      ['sft/lr=0.1/seed-9', 1e-1, 9],
    ],
  );
  assert.deepEqual(
    seedRuns(arms, plan, { sft: 'lr=0.01' }).map(({ id }) => id),
    [3, 1, 2]
      .flatMap((seed) => [`sft/lr=0.01/seed-${seed}`])
      .concat([3, 1, 2].map((seed) => `plain/single/seed-${seed}`)),
  );
});

test('a seed of the sweep that is also a seed of the arms is one run', async (t) => {
  const { plan: prepare } = scene(t);
  const { plan, arms } = await prepare({ choose: { tasks: ['made'] } });
  assert.equal(plan.choose!.seed, 3);
  assert.equal(countRuns(arms, plan), 8);
});

test('the same study has the same hash, and any decision another', async (t) => {
  const { plan: prepare, study } = scene(t);
  const hash = async (changes: Partial<Study>) => (await prepare(changes)).plan.hash;
  const first = await hash({});
  assert.equal(await hash({}), first);
  assert.notEqual(await hash({ evaluate: { ...study.evaluate, margins: { 'test.right': 0.1 } } }), first);
  assert.notEqual(await hash({ allow: ['unequal-tokens'] }), first);
});

test('a sweep needs a choice, on other documents than the comparison', async (t) => {
  const { plan: prepare, study, folder } = scene(t);
  const { choose: _, ...rest } = study;
  await assert.rejects(planStudy(rest, { tasks, dir: join(folder, 'out') }), {
    code: 'study-invalid',
    message: 'the arm sft holds a sweep, and nothing says how to choose.',
    help: 'write choose: { tasks: […] } with development documents, which are not those of evaluate.',
  });
  await assert.rejects(prepare({ choose: { tasks: ['test'] } }), {
    message: 'choose and evaluate both read test: the sweep would be decided on the test.',
    help: 'choose by another task.',
  });
  const choose = { tasks: ['filed'], data: { filed: 'a.jsonl' } };
  await assert.rejects(prepare({ choose, evaluate: { tasks: ['filed'], data: { filed: './a.jsonl' } } }), {
    message: 'choose and evaluate both read filed: the sweep would be decided on the test.',
    help: 'give choose.data.filed a file of development documents.',
  });
  await prepare({ choose, evaluate: { tasks: ['filed'], data: { filed: 'b.jsonl' } } });
});

test('names that lead nowhere are refused with the nearest', async (t) => {
  const { plan: prepare, study } = scene(t);
  await assert.rejects(prepare({ choose: { tasks: ['made'], metric: 'made.rihgt' } }), {
    code: 'study-invalid',
    message: 'choose.metric is "made.rihgt", and no task of choose has it.',
    help: 'did you mean made.right?',
  });
  assert.equal((await prepare({ choose: { tasks: ['made'], metric: 'words' } })).plan.choose!.metric, 'words');
  const evaluate = (changes: object) => prepare({ evaluate: { ...study.evaluate, ...changes } });
  await assert.rejects(evaluate({ margins: { 'test.left': 1 } }), {
    message: 'the margin of test.left names a figure that is not evaluated.',
  });
  await assert.rejects(evaluate({ require: ['test.left > 1'] }), /names a figure that is not evaluated/);
  await assert.rejects(evaluate({ require: ['much better'] }), /the requirement "much better" cannot be read/);
  await assert.rejects(evaluate({ tasks: ['tset'] }), /There is no task tset\./);
  await assert.rejects(evaluate({ tasks: ['judged'] }), {
    message: 'task judged needs a judge, and a study has none.',
    help: 'leave it out, and ask it of the checkpoints with posttrain eval --judge.',
  });
});

test('training files that are missing, and seeds that recipes name, are told', async (t) => {
  const { plan: prepare, folder } = scene(t);
  const recipe = { method: 'sft' as const, model: 'pocket', lr: 1e-3 };
  const gone = join(folder, 'gone.jsonl');
  await assert.rejects(prepare({ arms: { sft: { ...recipe, data: { train: gone } } } }), {
    code: 'file-missing',
    message: `there is no file ${gone}, which a recipe names.`,
  });
  writeFileSync(
    join(folder, 'sft.yaml'),
    'method: sft\nmodel: pocket\ndata: { train: rows.jsonl }\nlr: 1e-3\nseed: 7\n',
  );
  const { remarks } = await prepare({ arms: { sft: join(folder, 'sft.yaml') } });
  assert.deepEqual(remarks, ['the recipe of sft says seed: 7; the seeds of the study take its place.']);
});
