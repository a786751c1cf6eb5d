import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel } from '../models/table-model.ts';
import { defineTask, type Task } from '../task.ts';
import { readTestReads } from './test-reads.ts';

function held(name: string, testSplit: boolean): Task {
  return defineTask({
    ...{ name, version: 1, axis: 'domain', about: 'Anything.', split: 'test', data: null, testSplit },
    docs: () => [{ i: 1 }, { i: 2 }],
    request: ({ i }) => ({ kind: 'generate', prompt: `${i}`, maxTokens: 1 }),
    metrics: { acc: { kind: 'mean', about: 'nothing', higherIsBetter: true } },
    score: () => ({ values: { acc: 1 } }),
  });
}

async function warnings(t: TestContext, tasks: readonly Task[], testRecords: readonly string[]): Promise<string[]> {
  const { result } = await runEvaluation({
    models: [new TableModel({ id: 'a', answer: () => 'x' })],
    tasks,
    testRecords,
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 20,
  });
  return [...result.warnings];
}

test('a read of a test split is put on record, and the next one is told of', async (t) => {
  const run = temporaryFolder(t);
  const [one, two, other] = [held('w/one', true), held('w/two', true), held('w/other', false)];
  assert.deepEqual(await warnings(t, [one, other], [run]), []);
  const [read] = readTestReads(run);
  assert.deepEqual(
    { ...read, time: typeof read!.time },
    { time: 'string', tasks: ['w/one'], models: ['a'], limit: null, seed: 1 },
  );
  const [again] = await warnings(t, [one, two], [run]);
  assert.match(again!, /: the test split of w\/one was read once before \(test-reads\.jsonl\); a run that was chosen/);
  const [third] = await warnings(t, [one, two], [run]);
  assert.match(third!, /: the test split of all 2 tasks was read 2 times before/);
  assert.equal(readTestReads(run).length, 3);
});

test('what is no test split leaves no record, and neither does a model without a run', async (t) => {
  const run = temporaryFolder(t);
  assert.deepEqual(await warnings(t, [held('w/other', false)], [run]), []);
  assert.deepEqual(readTestReads(run), []);
  assert.deepEqual(await warnings(t, [held('w/one', true)], [join(run, 'gone')]), []);
});
