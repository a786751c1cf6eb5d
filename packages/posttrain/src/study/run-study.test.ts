import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readJsonl } from '../runs/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { Study, SweptRecipe } from './definition.ts';
import type { StudyEvent } from './events.ts';
import { FakeBench, type FakeBenchOptions, yesTask } from './fake-bench.test.support.ts';
import { runStudy, type StudyOptions } from './run-study.ts';

const tasks = [yesTask('dev', 10), yesTask('test', 40, true)];
/** Rates of 0.01 learn most; every other seed knows one more. A control knows 2 of 10. */
const knows: FakeBenchOptions['knows'] = ({ lr, seed }) => (lr === 1e-2 ? 6 : 4) + (seed % 2);

function scene(t: TestContext, changes: Partial<Study> = {}) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'rows.jsonl'), '{}\n');
  const recipe = { method: 'sft' as const, model: 'pocket', data: { train: join(folder, 'rows.jsonl') }, steps: 3 };
  const study: Study = {
    name: 'rates',
    arms: {
      base: { model: 'pocket' },
      sft: { ...recipe, lr: [1e-3, 1e-2, 1e-1] },
      muon: { recipe: { ...recipe, lr: 1e-3 }, with: { optimizer: 'muon', lr: [1e-3, 3e-3, 1e-1] } },
    },
    choose: { tasks: ['dev'] },
    evaluate: { tasks: ['test'], margins: { 'test.words': 0.5 }, require: ['change of test.right > 0.2'] },
    ...changes,
  };
  return { dir: join(folder, 'study'), study, folder };
}

async function run(study: Study, options: StudyOptions, onEvent: (event: StudyEvent) => void = () => {}) {
  const running = runStudy(study, { tasks, ...options });
  for await (const event of running) onEvent(event);
  return running.result;
}

const runsOf = (bench: FakeBench, dir: string) => bench.trained.map((path) => path.slice(join(dir, 'runs/').length));

test('sweeps first, each decided on development documents; then every seed at the chosen point; then one reading', async (t) => {
  const { study, dir } = scene(t);
  const bench = new FakeBench({ knows, control: 2 });
  const events: StudyEvent[] = [];
  const result = await run(study, { dir, bench }, (event) => events.push(event));
  const seeds = (point: string) => [2, 3, 4, 5].map((seed) => `${point}/seed-${seed}`);
  assert.deepEqual(runsOf(bench, dir), [
    ...['sft/lr=0.001/seed-1', 'sft/lr=0.01/seed-1', 'sft/lr=0.1/seed-1'],
    ...['muon/lr=0.001/seed-1', 'muon/lr=0.003/seed-1', 'muon/lr=0.1/seed-1'],
    ...seeds('sft/lr=0.01'),
    ...seeds('muon/lr=0.001'),
  ]);
  assert.equal(events[0]!.type, 'plan');
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'choice' ? [[event.arm, event.point, event.figures[1]!.figure]] : [])),
    [
      ['sft', 'lr=0.01', 0.7],
      ['muon', 'lr=0.001', 0.5],
    ],
  );
  // Three of five seeds are odd: (7 + 6 + 7 + 6 + 7) / 5 of 10.
  const right = result.figures.find(({ metric }) => metric === 'right')!;
  assert.deepEqual(
    right.arms.map(({ arm, mean }) => [arm, mean?.toFixed(6)]),
    [
      ['base', '0.200000'],
      ['sft', '0.660000'],
      ['muon', '0.460000'],
    ],
  );
  assert.ok(Math.abs(right.arms[1]!.spread! - 0.1 * Math.sqrt(0.3)) < 1e-9);
  assert.deepEqual(result.claim, { isClaim: true, why: [] });
  const row = result.rows.find(({ arm, metric }) => arm === 'sft' && metric === 'right')!;
  assert.deepEqual([row.verdict, row.seedsBefore, row.seedsAfter, row.n], ['improved', null, 5, 40]);
  assert.ok(Math.abs(row.difference.value! - 0.46) < 1e-9);
  assert.deepEqual(
    result.requirements.map(({ model, outcome }) => [model, outcome]),
    [
      ['sft', 'passed'],
      ['muon', 'failed'],
    ],
  );
  assert.deepEqual(result.arms[1]!.tokens, { mean: 300, least: 300, most: 300 });
  // The smallest rate was best for muon.
  assert.deepEqual(result.remarks, [
    'muon: the chosen lr (0.001) is the smallest that was tried; a better one may lie beyond.',
  ]);
  assert.deepEqual(
    readJsonl(join(dir, 'reads.jsonl')).rows.map(({ event, tasks: read, models }) => [event, read, models]),
    [
      ['begin', ['test'], 11],
      ['complete', ['test'], 11],
    ],
  );
  assert.equal(readJsonl(join(dir, 'runs/sft/lr=0.01/seed-3/test-reads.jsonl')).rows.length, 1);
});

test('a study that is over gives its result: nothing is trained, asked or read again, whatever was deleted since', async (t) => {
  const { study, dir } = scene(t);
  const first = await run(study, { dir, bench: new FakeBench({ knows, control: 2 }) });
  const bytes = () =>
    ['result.json', 'report.md', 'report.html', 'reads.jsonl'].map((name) => readFileSync(join(dir, name), 'utf8'));
  const before = bytes();
  rmSync(join(dir, 'runs'), { recursive: true });
  const bench = new FakeBench({ knows });
  assert.deepEqual(await run(study, { dir, bench }), JSON.parse(JSON.stringify(first)));
  assert.deepEqual([bench.trained, bench.opened], [[], []]);
  assert.deepEqual(bytes(), before);
});

test('stopped at every place in turn, it goes on there and ends in the same bytes', async (t) => {
  const whole = scene(t);
  await run(whole.study, { dir: whole.dir, bench: new FakeBench({ knows, control: 2 }) });
  const { dir } = scene(t);
  const benches: FakeBench[] = [];
  for (let stops = 0; !existsSync(join(dir, 'result.json')); stops++) {
    assert.ok(stops < 100, 'it comes to its end');
    const controller = new AbortController();
    let events = 0;
    const bench = new FakeBench({
      knows,
      control: 2,
      // Inside a run: of every call's first, and of no other.
      onStep: () => stops % 3 === 0 && controller.abort('enough'),
    });
    benches.push(bench);
    await run(whole.study, { dir, bench, signal: controller.signal }, (event) => {
      const kept =
        (event.type === 'run' && event.status === 'kept') || (event.type === 'evaluate' && event.event.type === 'kept');
      if (!kept && ++events > 5 + (stops % 2)) controller.abort('enough');
    }).catch((reason: unknown) => assert.equal(reason, 'enough'));
  }
  assert.ok(benches.length > 5, `${benches.length} calls`);
  const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
  for (const name of ['result.json', 'report.md', 'report.html', 'choice.json', 'plan.json'])
    assert.equal(read(dir, name), read(whole.dir, name), name);
  // Every document was asked of every model once, whatever was stopped: 6 models of 10, 11 of 40.
  const asked = benches.flatMap(({ models }) => models).reduce((sum, model) => sum + model.asked, 0);
  assert.equal(asked, 6 * 10 + 11 * 40);
  const reads = readJsonl(join(dir, 'reads.jsonl')).rows.map(({ event }) => event);
  assert.deepEqual(
    [reads[0], reads.at(-1), reads.filter((event) => event === 'begin').length],
    ['begin', 'complete', 1],
  );
  assert.equal(readJsonl(join(dir, 'runs/sft/lr=0.01/seed-3/test-reads.jsonl')).rows.length, 1);
});

test('another plan is refused with every key that differs, before anything is trained', async (t) => {
  const { study, dir } = scene(t);
  await run(study, { dir, bench: new FakeBench({ knows }) });
  const changed: Study = {
    ...study,
    seeds: [1, 2, 3],
    evaluate: { ...study.evaluate, margins: { 'test.words': 5, 'test.right': 0.5 } },
  };
  const bench = new FakeBench({ knows });
  await assert.rejects(run(changed, { dir, bench }), {
    code: 'study-invalid',
    message: [
      `the study in ${dir} began with another plan:`,
      '  seeds: began with [1,2,3,4,5], now [1,2,3]',
      '  evaluate.margins.test.words: began with 0.5, now 5',
      '  evaluate.margins.test.right: began with nothing, now 0.5',
    ].join('\n'),
    help: 'set these back to go on with it, or begin another study with --dir.',
  });
  const points = { ...study, arms: { ...study.arms, muon: { ...(study.arms['sft'] as SweptRecipe), lr: 1e-3 } } };
  await assert.rejects(
    run(points, { dir, bench }),
    /\n {2}arms\.muon\.points\.lr=0\.003: began with \{.*…, now nothing\n/,
  );
  assert.deepEqual(bench.trained, []);
  const plan = join(dir, 'plan.json');
  writeFileSync(plan, readFileSync(plan, 'utf8').replace('0.5', '0.9'));
  await assert.rejects(run(study, { dir, bench }), { message: `${plan} was changed after the study had begun.` });
});

test('rows that were changed are another plan', async (t) => {
  const { study, dir, folder } = scene(t);
  await run(study, { dir, bench: new FakeBench({ knows }) });
  writeFileSync(join(folder, 'rows.jsonl'), '{"text":"more"}\n');
  await assert.rejects(
    run(study, { dir, bench: new FakeBench({ knows }) }),
    /files\..*rows\.jsonl: began with "[0-9a-f]{64}", now "/,
  );
});

test('a folder of something else is left alone', async (t) => {
  const { study, folder } = scene(t);
  await assert.rejects(run(study, { dir: folder, bench: new FakeBench({ knows }) }), {
    code: 'run-exists',
    message: `${folder} is not empty, and holds no study: rows.jsonl.`,
  });
  assert.deepEqual(readdirSync(folder), ['rows.jsonl']);
});

test('a rate that diverges is a point without a figure; a seed that diverges makes its arm invalid', async (t) => {
  const { study, dir } = scene(t);
  const bench = new FakeBench({
    knows: ({ lr, seed }) => (lr === 0.1 || (seed === 4 && lr === 1e-2) ? null : knows({ lr, seed, steps: 3 })),
  });
  const result = await run(study, { dir, bench });
  const [, sft] = result.arms;
  assert.deepEqual(
    sft!.choice!.figures.map(({ point, figure, why }) => [point, figure, why]),
    [
      ['lr=0.001', 0.5, null],
      ['lr=0.01', 0.7, null],
      ['lr=0.1', null, 'it diverged'],
    ],
  );
  const row = result.rows.find(({ arm, metric }) => arm === 'sft' && metric === 'right')!;
  assert.deepEqual(
    [row.verdict, row.why],
    ['invalid', 'sft has no figure for every seed: seed 4, the loss of step 2 is NaN.'],
  );
  assert.deepEqual(result.claim.why, ['sft diverged: seed 4, the loss of step 2 is NaN.']);
  assert.equal(result.requirements[0]!.outcome, 'invalid');
  assert.equal(result.rows.find(({ arm, metric }) => arm === 'muon' && metric === 'right')!.verdict, 'improved');
  // A diverged run is a result: it is not tried again.
  rmSync(join(dir, 'result.json'));
  const again = new FakeBench({ knows });
  await run(study, { dir, bench: again });
  assert.deepEqual(again.trained, []);
});

test('what trainers throw otherwise ends the study, and the same call goes on', async (t) => {
  const { study, dir } = scene(t);
  const failing = new FakeBench({
    knows,
    onTrain: (path) => {
      if (path.endsWith('lr=0.1/seed-1')) throw new Error('no space');
    },
  });
  await assert.rejects(run(study, { dir, bench: failing }), /no space/);
  const bench = new FakeBench({ knows });
  await run(study, { dir, bench });
  assert.equal(runsOf(bench, dir)[0], 'sft/lr=0.1/seed-1');
});

test('a plan that is replaced after the documents were read is told', async (t) => {
  const { study, dir } = scene(t);
  await run(study, { dir, bench: new FakeBench({ knows }) });
  for (const name of ['plan.json', 'result.json', 'report.md', 'report.html', 'choice.json']) rmSync(join(dir, name));
  const result = await run({ ...study, seeds: [1, 2, 3, 4, 5, 6] }, { dir, bench: new FakeBench({ knows }) });
  assert.deepEqual(result.claim, {
    isClaim: false,
    why: ['the documents of the comparison were read before, under another plan'],
  });
  assert.equal(result.reads, 2);
});

test('arms without sweeps need no choice, and what is no claim says why', async (t) => {
  const { study, dir } = scene(t);
  const recipe = study.arms['sft'] as SweptRecipe;
  const arms: Study['arms'] = { a: { ...recipe, lr: 1e-3 }, b: { ...recipe, lr: 1e-2, steps: 4 } };
  const { choose: _, ...rest } = study;
  const result = await run({ ...rest, arms, seeds: [1, 2] }, { dir, bench: new FakeBench({ knows }) });
  assert.equal(existsSync(join(dir, 'choice.json')), false);
  assert.deepEqual(result.claim.why, [
    'each arm has 2 training seeds; the rule asks for 5',
    'a tries 1 learning rate; the rule asks for 3 or more',
    'b tries 1 learning rate; the rule asks for 3 or more',
    'the arms were trained on unequal numbers of tokens: a 300, b 400',
  ]);
  assert.deepEqual(result.rows.map(({ verdict, why }) => [verdict, why])[0], [
    'not comparable',
    'b was trained on 400 tokens and a on 300; allow: [unequal-tokens] compares them all the same',
  ]);
  const allowed = await run(
    { ...rest, name: 'allowed', arms, seeds: [1, 2], allow: ['unequal-tokens'] },
    { dir: `${dir}-2`, bench: new FakeBench({ knows }) },
  );
  assert.deepEqual(
    [allowed.rows[0]!.verdict, allowed.rows[0]!.why],
    ['inconclusive', '2 training seeds in an arm; a claim about a method needs 5'],
  );
});

test('the reader is told how long the rest of the training takes', async (t) => {
  const { study, dir } = scene(t);
  const seen: string[] = [];
  await run(study, { dir, bench: new FakeBench({ knows }) }, (event) => {
    if (event.type === 'step' || event.type === 'run')
      seen.push(`${event.type} ${event.done}/${event.of} ${event.etaSeconds}`);
  });
  // 14 runs of 3 steps, a second each.
  assert.deepEqual(seen.slice(0, 6), [
    'run 0/14 null',
    'step 0/14 41',
    'step 0/14 40',
    'step 0/14 39',
    'run 1/14 39',
    'run 1/14 39',
  ]);
});
