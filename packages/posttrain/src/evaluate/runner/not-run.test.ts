import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { runEvaluation } from '../evaluate.ts';
import { choices, parseSum, sums } from '../fixtures.test.support.ts';
import type { AskedKind } from '../models/eval-model.ts';
import { TableModel } from '../models/table-model.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { parseRequirement } from '../results/requirement.ts';
import { asChat } from '../tasks/as-chat.ts';
import type { EvaluateEvent } from './events.ts';

const answering = (id: string) =>
  new TableModel({
    id,
    answer: (prompt) => String(parseSum(typeof prompt === 'string' ? prompt : prompt[0]!.content)[0] + 1),
    logp: (_context, text) => -text.charCodeAt(1),
  });
const without = (model: TableModel, kind: AskedKind, why: string) =>
  Object.assign(model, { kinds: model.kinds.filter((one) => one !== kind), whyNot: { [kind]: why } });

test('a task that one model cannot be asked is not run with it, and the rest goes on', async (t) => {
  const base = without(answering('base'), 'chat', 'its folder has no chat template.');
  const tuned = answering('tuned');
  const events: EvaluateEvent[] = [];
  const evaluation = await runEvaluation(
    { models: [base, tuned], tasks: [asChat(sums(6)), sums(6), choices(4)], cacheDir: join(temporaryFolder(t), 'c') },
    (event) => events.push(event),
  );
  const { result } = evaluation;
  const why = 'it gives no answers to messages: its folder has no chat template.';
  assert.deepEqual(result.notRun, [{ task: 'sums/chat', axis: 'factuality', model: 'base', why }]);
  assert.deepEqual(
    result.results.map(({ task, model, n }) => [task, model, n]),
    [
      ['sums', 'base', 6],
      ['choices', 'base', 4],
      ['sums/chat', 'tuned', 6],
      ['sums', 'tuned', 6],
      ['choices', 'tuned', 4],
    ],
  );
  assert.deepEqual([base.asked, tuned.asked, result.partial], [10, 16, false]);
  assert.ok(result.comparisons[0]!.rows.every(({ task }) => task !== 'sums/chat'));
  assert.deepEqual(
    events.filter(({ type }) => type === 'not-run'),
    [{ type: 'not-run', ...result.notRun[0]! }],
  );
  const last = events.filter((event) => event.type === 'progress').at(-1)!;
  assert.deepEqual([last.done, last.total], [26, 26], 'what is not run is not waited for');
  assert.match(result.warnings.join('\n'), /^sums\/chat was not run with base: it gives no answers to messages/m);
  assert.match(renderHtml(evaluation), /not run<\/span><div class="remark">it gives no answers to messages/);
  assert.match(renderMarkdown(result), /\| sums\/chat \| right ↑ \| 6 \| not run \* \| 100\.0/);
});

test('a task that no model can be asked stands in the report by itself', async (t) => {
  const model = without(answering('base'), 'loglikelihood', 'it is a server.');
  const evaluation = await runEvaluation({
    models: [model],
    tasks: [choices(3)],
    cacheDir: join(temporaryFolder(t), 'c'),
  });
  const shown =
    /Not run[\s\S]+choices<\/strong> with base: it gives no log-likelihoods of continuations: it is a server\./;
  assert.match(renderHtml(evaluation), shown);
  assert.match(renderMarkdown(evaluation.result), /## Not run\n\n- \*\*choices\*\* with base: it gives no log-/);
  assert.equal(model.asked, 0);
});

test('a requirement on what was not run is invalid, of a change also where the first model lacks it', async (t) => {
  const outcomes = async (first: TableModel, second: TableModel, text: string) => {
    const { result } = await runEvaluation({
      models: [first, second],
      tasks: [choices(30)],
      cacheDir: join(temporaryFolder(t), 'c'),
      requirements: [parseRequirement(text)],
    });
    const [one] = result.requirements;
    return [one!.outcome, one!.why];
  };
  const lacking = () => without(answering('lacking'), 'loglikelihood', 'x.');
  const [outcome, why] = await outcomes(answering('a'), lacking(), 'choices.acc >= 0.1');
  assert.equal(outcome, 'invalid');
  assert.equal(why, 'choices was not run with lacking: it gives no log-likelihoods of continuations: x.');
  assert.equal((await outcomes(lacking(), answering('b'), 'change of choices.acc > -0.5'))[0], 'invalid');
  assert.equal((await outcomes(lacking(), answering('b'), 'choices.acc > 0.5'))[0], 'passed');
});
