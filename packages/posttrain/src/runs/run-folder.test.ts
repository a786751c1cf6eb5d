import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { compareRuns } from './compare.ts';
import type { StepEvent } from './events.ts';
import { gitCommit } from './git-commit.ts';
import { listRuns, showRun } from './list.ts';
import { loadRecipe } from './recipe/load.ts';
import type { Recipe } from './recipe/recipe.generated.ts';
import { resolveRecipe } from './recipe/resolve.ts';
import { type NewRun, RunFolder } from './run-folder.ts';
import { dataChanges, engineChanges, fingerprintData, readRunInfo } from './run-info.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runs-'));
  writeFileSync(join(root, 'chat.jsonl'), '{}\n');
});
afterEach(() => rmSync(root, { recursive: true }));

async function newRun(changes: Partial<Recipe> = {}): Promise<NewRun> {
  const recipe = {
    method: 'sft',
    model: 'pocket',
    data: { train: join(root, 'chat.jsonl') },
    lr: 0.1,
    steps: 4,
    ...changes,
  } as Recipe;
  const loaded = await loadRecipe(recipe, [], { cwd: root });
  return {
    given: loaded.given,
    overrides: ['steps=4'],
    resolved: await resolveRecipe(loaded),
    engine: { torch: '2.13.0', threads: 2 },
    data: await fingerprintData([join(root, 'chat.jsonl')]),
    dataReport: {
      maxTokens: 64,
      overlong: 'error',
      train: 'assistant',
      specialTokens: 'text',
      sources: [],
      validationRows: 0,
      validationTokens: 0,
    },
  };
}

function step(number: number, loss: number): StepEvent {
  const memory = { rss: 10, peakRss: 10 + number };
  return {
    type: 'step',
    step: number,
    steps: 4,
    loss,
    gradNorm: 1,
    lr: 0.1,
    tokens: 100,
    lossTokens: 50,
    tokensPerSecond: 200,
    seconds: 0.5,
    memory,
    eta: null,
  };
}

function everything(): string[] {
  return readdirSync(root, { recursive: true })
    .map((name) => String(name).replaceAll(sep, '/'))
    .sort();
}

function refusal(run: () => unknown): PosttrainError {
  try {
    run();
  } catch (error) {
    assert.ok(PosttrainError.is(error), String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

describe('creating', () => {
  test('puts every file in place', async () => {
    const run = await newRun();
    const folder = RunFolder.create(join(root, 'runs/a'), run, { cwd: root });
    folder.close();
    assert.deepEqual(readdirSync(join(root, 'runs/a')).sort(), [
      'checkpoints',
      'data-report.json',
      'events.jsonl',
      'metrics.jsonl',
      'recipe.json',
      'resolved.json',
      'run.json',
      'samples.jsonl',
    ]);
    assert.deepEqual(JSON.parse(readFileSync(join(root, 'runs/a/resolved.json'), 'utf8')), run.resolved);
    assert.equal(readFileSync(join(root, 'runs/a/recipe.json'), 'utf8'), run.given.text);
    const info = readRunInfo(join(root, 'runs/a'));
    assert.deepEqual(
      [info.version, info.seed, info.engine, info.overrides, info.commit],
      [1, 0, run.engine, ['steps=4'], null],
    );
    // The hash of the text "{}\n", from sha256sum.
    assert.equal(info.data[0]?.sha256, 'ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356');
    assert.deepEqual(
      info.history.map((entry) => [entry.status, entry.step]),
      [['running', 0]],
    );
  });

  test('takes an empty folder, and refuses one with another run or with anything', async () => {
    const run = await newRun();
    mkdirSync(join(root, 'a'));
    RunFolder.create(join(root, 'a'), run).close();
    const before = everything();
    const error = refusal(() => RunFolder.create(join(root, 'a'), run));
    assert.equal(error.code, 'run-exists');
    assert.equal(
      error.format(),
      `${root}/a already holds a run.\n  help: go on with it by posttrain train RECIPE --dir ${root}/a --resume, or choose another folder by --dir.`,
    );
    assert.equal(
      refusal(() => RunFolder.create(root, run)).message,
      `${root} is not empty, and holds no run: a, chat.jsonl.`,
    );
    assert.deepEqual(everything(), before);
  });

  test('leaves nothing behind where it cannot write', async () => {
    const run = await newRun();
    const before = everything();
    const error = refusal(() => RunFolder.create(join(root, 'chat.jsonl/runs/a'), run));
    assert.equal(error.code, 'file-unwritable');
    assert.equal(
      error.format(),
      `${root}/chat.jsonl/runs/a cannot be written: a part of the path is a file.\n  help: choose another run folder.`,
    );
    // A name longer than file systems take fails after the parents were made.
    assert.match(
      refusal(() => RunFolder.create(join(root, 'new/parents', 'x'.repeat(300)), run)).message,
      /cannot be written: the name is too long\.$/,
    );
    assert.deepEqual(everything(), before);
  });

  test('is locked until closed', async () => {
    const folder = RunFolder.create(join(root, 'a'), await newRun());
    assert.equal(refusal(() => RunFolder.resume(join(root, 'a'))).code, 'run-locked');
    assert.equal(showRun(join(root, 'a')).status, 'running');
    folder.close();
    assert.equal(showRun(join(root, 'a')).status, 'crashed');
  });
});

describe('resuming', () => {
  test('goes on after the last good checkpoint, one value per step', async () => {
    const dir = join(root, 'a');
    const first = RunFolder.create(dir, await newRun({ every: { keep: 2 } }));
    for (const number of [1, 2, 3]) {
      first.appendMetrics(step(number, number));
      await first.writeCheckpoint(number, (temporary) => writeFileSync(join(temporary, 'w'), `${number}`));
    }
    first.close();
    writeFileSync(join(dir, 'checkpoints/step-3/w'), 'X');
    mkdirSync(join(dir, 'checkpoints/.step-4.tmp-999999999'));
    writeFileSync(join(dir, 'run.json.tmp-999999999'), '{');

    const second = RunFolder.resume(dir);
    const { checkpoint, broken } = await second.latestCheckpoint();
    assert.deepEqual([checkpoint?.step, broken.map(({ step: number }) => number)], [2, [3]]);
    second.markResumed(2);
    second.appendMetrics(step(3, 33));
    second.appendMetrics(step(4, 44));
    second.setStatus('finished', 4);
    second.close();

    assert.ok(!everything().some((name) => name.includes('tmp-')));
    const details = showRun(dir);
    assert.deepEqual(
      details.metrics.steps.map(({ loss }) => loss),
      [1, 2, 33, 44],
    );
    assert.deepEqual(
      [details.status, details.step, details.steps, details.loss, details.seconds],
      ['finished', 4, 4, 44, 2],
    );
    assert.deepEqual(
      details.info.history.map((entry) => [entry.status, entry.step]),
      [
        ['running', 0],
        ['running', 2],
        ['finished', 4],
      ],
    );
  });

  test('of what is no run, or of a newer version, says so', async () => {
    assert.equal(refusal(() => RunFolder.resume(join(root, 'none'))).message, `${root}/none does not exist.`);
    assert.equal(refusal(() => RunFolder.resume(root)).message, `${root} holds no run: it has no run.json.`);
    RunFolder.create(join(root, 'a'), await newRun()).close();
    writeFileSync(join(root, 'a/run.json'), '{"version":2}');
    const error = refusal(() => RunFolder.resume(join(root, 'a')));
    assert.equal(error.code, 'file-unreadable');
    assert.equal(error.message, `${root}/a/run.json has version 2, and this posttrain reads version 1.`);
    assert.deepEqual(readdirSync(join(root, 'a')).includes('lock'), false);
  });

  test('tells what changed since the start', async () => {
    RunFolder.create(join(root, 'a'), await newRun()).close();
    const info = readRunInfo(join(root, 'a'));
    assert.deepEqual(engineChanges(info.engine, { torch: '2.14.1', threads: 2 }), [
      'libtorch was 2.13.0 and is 2.14.1.',
    ]);
    assert.deepEqual(await dataChanges(info), []);
    writeFileSync(join(root, 'chat.jsonl'), '{ }\n');
    assert.deepEqual(await dataChanges(info), [`${root}/chat.jsonl has changed.`]);
    rmSync(join(root, 'chat.jsonl'));
    assert.deepEqual(await dataChanges(info), [`${root}/chat.jsonl is gone.`]);
  });
});

describe('reading', () => {
  test('lists runs, the newest first, and tells those it cannot read', async () => {
    for (const name of ['a', 'b']) {
      const folder = RunFolder.create(join(root, 'runs', name), await newRun());
      folder.setStatus('failed', 0, 'the loss is NaN');
      folder.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    mkdirSync(join(root, 'runs/other'));
    mkdirSync(join(root, 'runs/bad'));
    writeFileSync(join(root, 'runs/bad/run.json'), '{');
    const { runs, unreadable } = listRuns(join(root, 'runs'));
    assert.deepEqual(
      runs.map(({ name, status, method, step: done, steps, loss }) => [name, status, method, done, steps, loss]),
      [
        ['b', 'failed', 'sft', 0, 4, null],
        ['a', 'failed', 'sft', 0, 4, null],
      ],
    );
    assert.deepEqual(
      unreadable.map(({ dir }) => dir),
      [join(root, 'runs/bad')],
    );
    assert.deepEqual(listRuns(join(root, 'no')), { runs: [], unreadable: [] });
  });

  test('compares two runs key by key, and step by step', async () => {
    const losses = { a: [5, 4, 3], b: [5, 4.5] };
    for (const name of ['a', 'b'] as const) {
      const folder = RunFolder.create(
        join(root, name),
        await newRun(name === 'a' ? {} : { lr: 0.2, schedule: { kind: 'linear', floor: 0.1 } }),
      );
      losses[name].forEach((loss, index) => {
        folder.appendMetrics(step(index + 1, loss));
      });
      folder.appendMetrics({ type: 'evaluate', step: 2, loss: name === 'a' ? 6 : 7, tokens: 1, seconds: 1 });
      folder.close();
    }
    const { recipe, environment, metrics } = compareRuns(join(root, 'a'), join(root, 'b'));
    assert.deepEqual(recipe, [
      { key: 'lr', a: 0.1, b: 0.2 },
      { key: 'schedule.kind', a: 'cosine', b: 'linear' },
      { key: 'schedule.floor', a: 0, b: 0.1 },
    ]);
    assert.deepEqual(environment, []);
    assert.deepEqual(metrics, {
      step: 2,
      loss: { a: 4, b: 4.5 },
      heldOutLoss: { a: 6, b: 7 },
      tokensPerSecond: { a: 200, b: 200 },
      peakRss: { a: 13, b: 12 },
      firstDifferentStep: 2,
    });
  });
});

describe('the commit', () => {
  const hash = '0123456789abcdef0123456789abcdef01234567';
  test('is read from a branch, a packed branch, a detached head and a worktree', () => {
    const git = join(root, 'repository/.git');
    mkdirSync(join(git, 'refs/heads'), { recursive: true });
    mkdirSync(join(root, 'repository/deep/er'), { recursive: true });
    const at = (folder: string) => gitCommit(join(root, folder));
    writeFileSync(join(git, 'HEAD'), 'ref: refs/heads/main\n');
    assert.equal(at('repository'), null, 'before the first commit');
    writeFileSync(join(git, 'packed-refs'), `# pack-refs\n${hash} refs/heads/main\n`);
    assert.equal(at('repository/deep/er'), hash);
    writeFileSync(join(git, 'refs/heads/main'), `${hash.replaceAll('0', 'f')}\n`);
    assert.equal(at('repository'), hash.replaceAll('0', 'f'));
    mkdirSync(join(git, 'worktrees/w'), { recursive: true });
    mkdirSync(join(root, 'w'));
    writeFileSync(join(root, 'w/.git'), `gitdir: ${join(git, 'worktrees/w')}\n`);
    writeFileSync(join(git, 'worktrees/w/HEAD'), 'ref: refs/heads/main\n');
    writeFileSync(join(git, 'worktrees/w/commondir'), '../..\n');
    assert.equal(at('w'), hash.replaceAll('0', 'f'));
    writeFileSync(join(git, 'HEAD'), `${hash}\n`);
    assert.equal(at('repository'), hash);
    assert.equal(gitCommit(root), null);
  });
});
