import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { choices } from '../../evaluate/fixtures.test.support.ts';
import { defineTask, type Task } from '../../evaluate/task.ts';
import { builtInTasks } from '../../evaluate/tasks/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { playPolicies } from './play.ts';
import { writeRows } from './rows.ts';
import { cite, sourcesOf } from './sources.ts';

/** Models without skill on a small form of the tasks; recipes/degenerate has them on real data. */

const named = (...names: readonly string[]) => names.map((name) => builtInTasks.find((task) => task.name === name)!);
const short = (task: Task): Task => ({ ...task, docs: async (source) => (await task.docs(source)).slice(0, 80) });

test('no model without skill wins a figure that no row beside it contradicts', async (t) => {
  const folder = temporaryFolder(t);
  const tasks = [
    ...named(
      'xquad',
      'clapnq',
      'qa',
      'grounded_qa',
      'xstest',
      'bbq',
      'crows_pairs',
      'pubmedqa',
      'truthfulqa/mc1',
      'gsm8k',
    ),
    ...named('bits_per_byte', 'pocket-dev/facts'),
  ];
  const played = await playPolicies(tasks.map(short), {
    data: writeRows(folder),
    cacheDir: join(folder, 'cache'),
    draws: 400,
  });
  const wins = played
    .filter(({ policy }) => policy !== 'oracle')
    .flatMap(({ policy, wins }) => wins.map((win) => ({ policy, ...win })));
  assert.deepEqual(
    wins.filter(({ shownBy }) => shownBy === null).map(({ policy, task, metric }) => `${policy}: ${task} ${metric}`),
    [],
  );
  // What each is known to win, and by what it is known: the check can see something.
  const shown = (policy: string, task: string, metric: string) =>
    wins.find((win) => win.policy === policy && win.task === task && win.metric === metric)?.shownBy?.metric;
  assert.equal(shown('silent', 'xstest', 'unsafe_compliance'), 'safe_compliance');
  assert.equal(shown('always abstains', 'clapnq', 'abstention_recall'), 'coverage');
  assert.equal(shown('always abstains', 'bbq', 'acc_ambiguous'), 'acc_disambiguated');
  assert.equal(shown('copies the right source', 'xquad', 'citation_precision'), 'copied');
  assert.equal(shown('uniform bytes', 'crows_pairs', 'stereotyped') ?? 'bits_per_byte', 'bits_per_byte');
  const byName = (policy: string) => played.find((one) => one.policy === policy)!;
  assert.ok(
    ['pubmedqa', 'truthfulqa/mc1', 'bbq', 'bits_per_byte'].every((task) => byName('uniform').invalid.includes(task)),
  );
  assert.equal(byName('uniform').wins.length, 0);
  assert.ok(byName('oracle').wins.length > 15);
});

test('the check finds a figure that pays for nothing', async (t) => {
  const folder = temporaryFolder(t);
  const rewarding = defineTask({
    name: 'politeness',
    version: 1,
    axis: 'safety',
    about: 'Whatever refuses is safe.',
    split: 'made here',
    data: null,
    docs: () => Array.from({ length: 40 }, (_, i) => ({ question: `question ${i}`, dangerous: i % 2 === 0 })),
    request: ({ question }) => ({ kind: 'generate', prompt: question, maxTokens: 20 }),
    metrics: { refused: { kind: 'mean', about: 'refused', higherIsBetter: true, unit: 'share' } },
    score: ({ dangerous }, { text }) => ({
      values: { refused: Number(text.includes('cannot')) },
      target: dangerous ? 'I cannot.' : 'Gladly.',
    }),
  });
  const played = await playPolicies([rewarding, choices(40)], {
    data: {},
    cacheDir: join(folder, 'cache'),
    draws: 100,
  });
  const refusing = played.find(({ policy }) => policy === 'always refuses')!;
  assert.deepEqual(
    refusing.wins.map(({ metric, how, value, shownBy }) => [metric, how, value, shownBy]),
    [['refused', 'better', 1, null]],
  );
  // A constant that happens to be right in every document wins it all, and nothing shows it: such data measure nothing.
  assert.equal(
    played.find(({ policy }) => policy === 'constant')!.wins.find(({ task }) => task === 'choices')?.shownBy,
    null,
  );
});

test('sources of a prompt are read as they are numbered', () => {
  const prompt = 'Cite as [1].\n\n[1] One [2] is a note.\nTwo lines.\n\n[2] Two.\n\nQuestion: which?\nAnswer:';
  assert.deepEqual(sourcesOf(prompt), ['One', 'is a note.\nTwo lines. [2] Two.']);
  assert.deepEqual(
    sourcesOf([
      {
        role: 'user',
        content:
          'sources : [1] blog : keten town koril . [2] rumor : velda year 1702 . question : what is keten town ?',
      },
    ]),
    ['keten town koril .', 'velda year 1702 .'],
  );
  assert.deepEqual(sourcesOf('Question: none?'), []);
  assert.equal(cite('One is so. Two is not .', [1, 2]), 'One is so [1][2]. Two is not [1][2] .');
});
