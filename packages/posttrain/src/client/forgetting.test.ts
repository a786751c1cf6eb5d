import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pocket } from '../data/index.ts';
import type { ForgettingEvent, RunEvent } from '../runs/events.ts';
import { readForgetting, reportOf, showRun } from '../runs/index.ts';
import type { SftRecipe } from '../runs/recipe/recipe.generated.ts';
import { HostProcess } from '../testing/host-process.ts';
import { killRecipe } from '../testing/kill-recipe.ts';
import { recipeFor, scene, succeed } from '../testing/provoke.ts';
import { runContent } from '../testing/run-content.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { train } from './train.ts';

/** What the model forgot, from recipe to report. */

async function trainHere(recipe: SftRecipe, dir: string, resume = false) {
  const run = train(recipe, { dir, resume, inProcess: true });
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  const found = events.filter((event): event is ForgettingEvent => event.type === 'forgetting');
  return { events, found, result: await run.result };
}

/** The pocket base on documents about laws, which it has never read. */
function pocketRecipe(folder: string, change: Partial<SftRecipe>): SftRecipe {
  const rows = pocket.domainRows('law', 200, 1);
  const path = join(folder, 'rows.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return {
    method: 'sft',
    model: 'pocket',
    data: { train: path },
    train: 'all',
    batch: 32,
    steps: 16,
    lr: 1e-2,
    threads: 1,
    schedule: 'constant',
    ...change,
  };
}

test('a base that learns another subject at a high rate has forgotten, and the report says how sure that is', async (t) => {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'run');
  const { found, result } = await trainHere(pocketRecipe(folder, {}), dir);
  const { text, suite, status, cost } = result.forgetting!;
  assert.deepEqual([status, text!.verdict], ['measured', 'regressed']);
  assert.ok(text!.after! > text!.before! + 0.1 && text!.difference!.interval!.low > 0);
  assert.ok(text!.logProbability! < 0);
  assert.ok(cost.share > 0.03 && cost.share <= 0.05, `a share of ${cost.share}`);
  // The base knows its facts by heart.
  assert.deepEqual([suite!.before, suite!.questions], [1, 200]);
  assert.equal(suite!.after, 1 - suite!.broken! / 200);
  assert.deepEqual(found, [{ type: 'forgetting', step: 16, report: result.forgetting! }]);
  assert.deepEqual(reportOf(readForgetting(dir)!), result.forgetting);
  assert.deepEqual(showRun(dir).forgetting, result.forgetting);
  // The checkpoint carries the files, so that a second stage is measured on the same.
  const own = readFileSync(join(result.checkpoint, 'forgetting', 'text.jsonl'), 'utf8');
  assert.equal(own.trimEnd().split('\n').length, text!.windowsInFile);
});

for (const precision of ['fp32', 'bf16'] as const)
  test(`${precision}: a run that changes no weight has forgotten nothing: every difference is exactly 0`, async (t) => {
    const folder = temporaryFolder(t);
    const { result } = await trainHere(pocketRecipe(folder, { lr: 1e-30, precision }), join(folder, 'run'));
    const { text, precision: measuredIn } = result.forgetting!;
    assert.equal(measuredIn, precision);
    assert.deepEqual(text!.difference, { value: 0, standardError: 0, interval: { low: 0, high: 0 }, p: 1 });
    assert.deepEqual([text!.verdict, text!.logProbability], ['equivalent', 0]);
    const { measured } = readForgetting(join(folder, 'run'))!;
    assert.deepEqual(measured.text!.after, measured.text!.before);
    assert.deepEqual(measured.suite!.after, measured.suite!.before);
  });

test('measuring changes no bit of the training, dropout included', async (t) => {
  const folder = temporaryFolder(t);
  const recipe = killRecipe(join(folder, 'base'));
  const { found } = await trainHere(recipe, join(folder, 'measured'));
  assert.equal(found[0]!.report.status, 'measured');
  const plain = await trainHere({ ...recipe, forgetting: false }, join(folder, 'plain'));
  assert.deepEqual([plain.found, plain.result.forgetting], [[], null]);
  const [a, b] = [await runContent(join(folder, 'measured')), await runContent(join(folder, 'plain'))];
  assert.ok(a.forgetting !== null && b.forgetting === null);
  assert.deepEqual({ ...a, forgetting: null }, b);
});

test('killed after its first step and resumed, a run is compared with the model it began with', async (t) => {
  const folder = temporaryFolder(t);
  const recipe = killRecipe(join(folder, 'base'));
  await trainHere(recipe, join(folder, 'undisturbed'));
  const dir = join(folder, 'killed');
  const host = new HostProcess({ recipe, dir });
  host.onEvent((event) => {
    if (event.type === 'step' && event.step === 5) host.kill('engine');
  });
  assert.equal((await host.ended).kind, 'error');
  const begun = readForgetting(dir)!;
  assert.deepEqual([begun.status, begun.text!.after, begun.suite!.verdict], ['begun', null, null]);
  const resumed = await trainHere(recipe, dir, true);
  const measuring = resumed.events.filter((event) => event.type === 'progress' && event.what === 'forgetting');
  const firstStep = resumed.events.findIndex(({ type }) => type === 'step');
  assert.ok(
    measuring.length > 0 && resumed.events.indexOf(measuring[0]!) > firstStep,
    'measured after the last step only',
  );
  assert.deepEqual(await runContent(dir), await runContent(join(folder, 'undisturbed')));
});

test('stopped while it is measured after the last step, a run is finished by a resume', async (t) => {
  const folder = temporaryFolder(t);
  const recipe = killRecipe(join(folder, 'base'));
  const dir = join(folder, 'run');
  const run = train(recipe, { dir, inProcess: true });
  for await (const event of run) if (event.type === 'checkpoint' && event.step === 24) run.stop();
  const { status, steps, forgetting } = await run.result;
  assert.deepEqual([status, steps, forgetting], ['stopped', 24, null]);
  const { result } = await trainHere(recipe, dir, true);
  assert.deepEqual([result.status, result.forgetting!.status], ['finished', 'measured']);
});

test('without a first measurement, or with other files, a resumed run says that nothing can be compared', async (t) => {
  const folder = temporaryFolder(t);
  const recipe = killRecipe(join(folder, 'base'));
  const half = async (dir: string) => {
    const run = train(recipe, { dir, inProcess: true });
    for await (const event of run) if (event.type === 'step' && event.step === 4) run.stop();
    await run.result;
  };
  await half(join(folder, 'lost'));
  rmSync(join(folder, 'lost', 'forgetting.json'));
  const lost = await trainHere(recipe, join(folder, 'lost'), true);
  assert.deepEqual(
    [lost.result.forgetting!.status, lost.result.forgetting!.why],
    ['skipped', 'it was not measured before the first step.'],
  );
  await half(join(folder, 'changed'));
  const { text } = recipe.forgetting as { text: string };
  writeFileSync(text, `${readFileSync(text, 'utf8')}{"text":"another"}\n`);
  const changed = await trainHere(recipe, join(folder, 'changed'), true);
  assert.match(changed.result.forgetting!.why!, /^what was measured before .* the files have changed\.$/);
});

test('a run of two steps says before the first that it is too short, and what it would measure', async () => {
  using at = scene();
  const events = await succeed(at, { forgetting: 'auto' });
  const [found] = events.filter((event) => event.type === 'forgetting');
  assert.deepEqual([found!.step, found!.report.status], [0, 'underpowered']);
  assert.match(
    found!.report.why!,
    /^the run trains \d+ tokens; 5 % of its arithmetic measures 0 windows of text, and 10 are the least that tell anything\.$/,
  );
  assert.ok(events.indexOf(found!) < events.findIndex(({ type }) => type === 'step'));
  assert.equal(readForgetting(at.dir)!.status, 'underpowered');
});

test('random weights have nothing to forget', async () => {
  using at = scene();
  const { found } = await trainHere({ ...recipeFor(at), forgetting: 'auto', init: 'random' } as SftRecipe, at.dir);
  assert.deepEqual([found[0]!.report.status, found.length], ['skipped', 1]);
});
