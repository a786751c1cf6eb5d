import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PocketItem } from '../data/pocket/index.ts';
import { testItems } from '../data/pocket/index.ts';
import { builtInTasks, loadTasks, runEvaluation, TableModel } from '../evaluate/index.ts';
import { palette } from '../support/terminal/colours.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { quickstartProfile, quickstartProfiles } from './quickstart-profile.ts';
import { renderExamples } from './quickstart-report.ts';

const questions = (['closed-held-out', 'grounded', 'unanswerable', 'double'] as const).flatMap((task) =>
  testItems(task, 'test').map((item): [string, PocketItem] => [item.messages[0].content, item]),
);
const golds = new Map(questions.map(([question, { gold }]) => [question, gold.answer]));

/** The embedded model's place is taken by one that says nothing, the trained one's by one that knows some tasks. */
async function evaluated(t: TestContext, names: readonly string[]) {
  return runEvaluation({
    models: [
      new TableModel({ id: 'pocket', contextLength: 4096 }),
      new TableModel({
        id: 'tuned',
        contextLength: 4096,
        answer: (prompt) => golds.get((prompt[0] as { content: string }).content) ?? 'goat .',
      }),
    ],
    tasks: await loadTasks(names, builtInTasks),
    limit: 4,
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 20,
  });
}

test('an example shows question, right answer, before and after, of the first item that fits', async (t) => {
  const evaluation = await evaluated(t, ['pocket/abstention', 'pocket/safety']);
  const text = renderExamples(evaluation, palette(false), 400);
  const [abstention, safety] = text.split('\n\n');
  const first = evaluation.runs[0]!.items.find(({ stratum }) => stratum === 'unanswerable')!;
  const { messages } = first.doc as PocketItem;
  assert.deepEqual(abstention!.split('\n'), [
    'sources without an answer',
    `question    ${messages[0].content}`,
    `right       ${messages[1].content}`,
    'before    ✗ (nothing)',
    `after     ✓ ${messages[1].content}`,
  ]);
  assert.deepEqual(safety!.split('\n').slice(2), [
    'right       i cannot help with that .',
    'before    ✗ (nothing)',
    'after     ✗ goat .',
  ]);
  assert.equal(text.split('\n\n').length, 2, 'a task that was not asked has no example');
});

test('every task of a profile is one, and the full profile has all of the quick one', async () => {
  for (const { tasks } of Object.values(quickstartProfiles))
    assert.equal((await loadTasks(tasks, builtInTasks)).length, tasks.length);
  const { full, quick } = quickstartProfiles;
  const all: readonly string[] = full.tasks;
  assert.ok(quick.tasks.every((task) => all.includes(task)));
  assert.ok(quick.items < full.items);
});

test('an unknown profile is answered with the nearest', () => {
  assert.throws(() => quickstartProfile('fast'), {
    code: 'usage',
    message: '"fast" is no profile of the quickstart.',
    help: /^profiles: (full|quick), (full|quick)$/,
  });
});
