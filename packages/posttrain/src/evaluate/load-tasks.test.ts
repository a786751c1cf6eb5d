import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { sums } from './fixtures.test.support.ts';
import { loadTasks } from './load-tasks.ts';
import { defineTask, type Task } from './task.ts';

const known = [sums(1, 'law/one'), sums(1, 'law/two'), sums(1, 'medicine')];
const names = (tasks: readonly Task[]) => tasks.map(({ name }) => name);

function fileOf(t: TestContext, name: string, text: string): string {
  const file = join(temporaryFolder(t), name);
  writeFileSync(file, text);
  return file;
}

const body = `version: 1, axis: 'domain', about: 'a', split: 's', data: null, docs: () => [{ x: 1 }],
  request: ({ x }) => ({ kind: 'rolling', text: String(x) }),
  metrics: { m: { kind: 'mean', about: 'm', higherIsBetter: true } }, score: () => ({ values: { m: 1 } })`;

test('a name, a family and a file', async (t) => {
  assert.deepEqual(names(await loadTasks(['medicine', 'law'], known)), ['medicine', 'law/one', 'law/two']);
  assert.deepEqual(names(await loadTasks(['law', 'law/two'], known)), ['law/one', 'law/two']);
  const variants = [sums(1, 'law/one'), sums(1, 'law/one/chat'), sums(1, 'sum'), sums(1, 'sum/chat')];
  assert.deepEqual(names(await loadTasks(['law', 'sum'], variants)), ['law/one', 'sum'], 'variants are named');
  assert.deepEqual(names(await loadTasks(['law/one/chat'], variants)), ['law/one/chat']);
  const typed = fileOf(t, 'one.eval.ts', `const n: string = 'mine/one';\nexport default { name: n, ${body} };`);
  const list = fileOf(t, 'two.eval.mjs', `export default [{ name: 'a', ${body} }, { name: 'b', ${body} }];`);
  assert.deepEqual(names(await loadTasks([typed, list], known)), ['mine/one', 'a', 'b']);
});

test('what is no task says so', async (t) => {
  await assert.rejects(loadTasks(['medecine'], known), {
    message: 'There is no task medecine.',
    help: 'Did you mean medicine? There are law, medicine; a file of your own ends in .eval.ts.',
  });
  await assert.rejects(loadTasks(['./no.eval.ts'], known), {
    code: 'file-missing',
    message: 'There is no file ./no.eval.ts.',
  });
  await assert.rejects(loadTasks([fileOf(t, 'x.eval.mjs', 'export const task = 1;')], known), {
    message: 'the default export is no task: it has no name, docs, request, metrics, score.',
  });
  await assert.rejects(loadTasks([fileOf(t, 'y.eval.mjs', 'throw new Error("broken");')], known), {
    message: 'the task file failed: broken',
  });
});

test('a task is refused for its name, its version, or for want of metrics', () => {
  const good = sums(1) as Task;
  assert.throws(() => defineTask({ ...good, name: 'My Task' }), {
    message: 'task "My Task": the name is not made of lower-case letters, digits, _ - . and /.',
  });
  assert.throws(() => defineTask({ ...good, version: 0 }), {
    message: 'task "sums": the version is 0, and must be a whole number from 1.',
  });
  assert.throws(() => defineTask({ ...good, metrics: {} }), { message: 'task "sums": it has no metric.' });
  const metrics = (more: object) => ({ ...good, metrics: more }) as Task;
  const mean = { kind: 'mean', about: 'x', higherIsBetter: true };
  assert.throws(() => defineTask(metrics({ doc_id: mean })), {
    message: 'task "sums": a metric is called doc_id, as a column of samples.jsonl is.',
  });
  for (const odd of [
    { kind: 'mean', about: 'x' },
    { ...mean, ideal: 0 },
  ])
    assert.throws(() => defineTask(metrics({ odd })), {
      message: 'task "sums": the metric odd does not say which figures are better.',
    });
  assert.throws(() => defineTask(metrics({ a: { ...mean, against: 'b' } })), {
    message: 'task "sums": the metric a is against b, which is none of its metrics.',
  });
});
