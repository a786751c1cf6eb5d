import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PocketItem } from '../../../data/pocket/index.ts';
import { temporaryFolder } from '../../../testing/temporary-folder.ts';
import { runEvaluation } from '../../evaluate.ts';
import { TableModel } from '../../models/table-model.ts';
import type { Task } from '../../task.ts';
import { builtInTasks } from '../index.ts';
import { pocketWorldTasks } from './index.ts';

const taskNamed = (name: string) => pocketWorldTasks.find((task) => task.name === name)!;

type Policy = (item: PocketItem, seed: number) => string;
const rightly: Policy = ({ gold }) => gold.answer;
const flawed: Policy = ({ gold, flaw }) => flaw?.answer ?? gold.answer;
const always =
  (text: string): Policy =>
  () =>
    text;

/** The figures of a task when a policy answers it. */
async function figures(t: TestContext, name: string, policy: Policy) {
  const task = taskNamed(name);
  const items = new Map(
    ((await task.docs(undefined as never)) as readonly PocketItem[]).map((item) => [item.messages[0].content, item]),
  );
  const model = new TableModel({
    contextLength: 4096,
    answer: (prompt, seed) => policy(items.get((prompt[0] as { content: string }).content)!, seed),
  });
  const { result } = await runEvaluation({
    models: [model],
    tasks: [task],
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 20,
  });
  return Object.fromEntries(result.results[0]!.metrics.map(({ name: metric, value }) => [metric, value]));
}

test('every task needs no files, has its split and its twin, and none is called like another', async () => {
  assert.ok(pocketWorldTasks.every((task) => builtInTasks.includes(task)));
  const names = pocketWorldTasks.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, data, testSplit } of pocketWorldTasks) {
    assert.equal(data, null);
    if (!/\/(facts|law-cloze|medicine-cloze)$/.test(name))
      assert.equal(testSplit ?? false, name.startsWith('pocket/'), name);
    if (name.startsWith('pocket/')) assert.ok(names.includes(name.replace('pocket/', 'pocket-dev/')), name);
  }
  const counts = async (name: string) => (await taskNamed(name).docs(undefined as never)).length;
  assert.deepEqual(
    await Promise.all(['pocket/grounded', 'pocket-dev/grounded', 'pocket/safety', 'pocket/closed'].map(counts)),
    [400, 200, 800, 200],
  );
});

test('who answers rightly is right everywhere', async (t) => {
  const asked = pocketWorldTasks.filter(
    ({ name }) => name.startsWith('pocket-dev/') && !/cloze|facts|notes/.test(name),
  );
  for (const { name } of asked) {
    for (const [metric, value] of Object.entries(await figures(t, name, rightly))) {
      const expected = /misled|unsafe_compliance|over_refusal|stereotyped|bias_/.test(metric) ? 0 : 1;
      // Nobody is named where no source tells, so there is no bias to measure; the telling sources name both clans alike.
      if (metric === 'bias_ambiguous') assert.equal(value, null);
      else if (metric === 'bias_disambiguated') assert.ok(Math.abs(value!) < 0.3);
      else assert.equal(value, expected, `${name} ${metric}`);
    }
  }
});

test('each planted flaw shows in its own figure, and leaves what stands against it', async (t) => {
  const { second_cited, first_cited, values } = await figures(t, 'pocket-dev/double', flawed);
  assert.deepEqual([second_cited, first_cited, values], [0, 1, 1]);
  const constraints = await figures(t, 'pocket-dev/constraints', flawed);
  assert.deepEqual([constraints['correct'], constraints['followed']], [0, 0]);
  assert.ok(constraints['right']! > 0.8); // all but those that cite what should stand without
  const safety = await figures(t, 'pocket-dev/safety', flawed);
  assert.deepEqual([safety['unsafe_compliance'], safety['over_refusal'], safety['twin_correct']], [1, 1, 0]);
  const bias = await figures(t, 'pocket-dev/bias', flawed);
  assert.deepEqual(
    [bias['acc_ambiguous'], bias['acc_disambiguated'], bias['stereotyped'], bias['bias_ambiguous']],
    [0, 1, 1, 1],
  );
});

test('no simple habit wins a figure without losing the one that stands against it', async (t) => {
  const abstaining = await figures(t, 'pocket-dev/abstention', always('keten year not stated .'));
  assert.deepEqual([abstaining['abstention_recall'], abstaining['coverage']], [1, 0]);
  const refusing = await figures(t, 'pocket-dev/safety', always('i cannot help with that .'));
  assert.deepEqual([refusing['unsafe_compliance'], refusing['over_refusal']], [0, 1]);
  const unknowing = await figures(t, 'pocket-dev/bias', always('the sources do not say .'));
  assert.deepEqual(
    [unknowing['acc_ambiguous'], unknowing['acc_disambiguated'], unknowing['bias_ambiguous']],
    [1, 0, null],
  );
  const outside = await figures(t, 'pocket-dev/intent', always('other .'));
  assert.deepEqual([outside['in_scope_accuracy'], outside['out_of_scope_recall']], [0, 1]);
  assert.ok(outside['out_of_scope_precision']! < 0.3);
});

test('authority: who cites the less trusted source is supported and misled', async (t) => {
  const lower: Policy = ({ gold }) => {
    const { entity, attribute, rejected } = gold as unknown as Record<'entity' | 'attribute', string> & {
      rejected: { value: string; citation: string };
    };
    return `${entity} ${attribute} ${rejected.value} ${rejected.citation} .`;
  };
  assert.deepEqual(await figures(t, 'pocket-dev/conflict', lower), { correct: 0, lenient: 0, authority: 0, misled: 1 });
});

test('sampled tasks draw four answers and average them', async (t) => {
  const task = taskNamed('pocket-dev/sampled/safety');
  const [doc] = await task.docs(undefined as never);
  const { samples, temperature } = task.request(doc) as { samples?: number; temperature?: number };
  assert.deepEqual([samples, temperature], [4, 1]);
  // Two seeds in three flawed, whatever the item: the share of the answers, not of the items.
  const { unsafe_compliance } = await figures(t, 'pocket-dev/sampled/safety', (item, seed) =>
    seed % 3 === 0 ? rightly(item, seed) : flawed(item, seed),
  );
  assert.ok(Math.abs(unsafe_compliance! - 2 / 3) < 0.07, `${unsafe_compliance}`); // 4 standard errors of 800 answers
});

test('cloze: the right value must be the likeliest, and chance is one of the values', async (t) => {
  const facts: Task = taskNamed('pocket-dev/facts');
  const items = (await facts.docs(undefined as never)) as readonly { prompt: string; value: string }[];
  const known = new Map(items.map(({ prompt, value }) => [prompt, value]));
  const model = new TableModel({ logp: (context, text) => (text === ` ${known.get(context)}` ? -0.5 : -3) });
  const { result } = await runEvaluation({
    models: [model],
    tasks: [facts],
    cacheDir: join(temporaryFolder(t), 'cache'),
    draws: 20,
  });
  const [acc, nats] = result.results[0]!.metrics;
  assert.deepEqual([acc!.value, nats!.value], [1, 0.5]);
  // 100 facts of each: 40 towns, 24 trades, 16 guilds, 40 years.
  assert.ok(Math.abs(acc!.chance! - (1 / 40 + 1 / 24 + 1 / 16 + 1 / 40) / 4) < 1e-12);
});
