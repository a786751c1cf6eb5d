import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import {
  type FakeAnswer,
  type FakeRequest,
  fakeEndpoint,
  lastMessage,
  nobodyThere,
  says,
} from '../endpoint/fake-endpoint.test.support.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel } from '../models/table-model.ts';
import { renderHtml } from '../report/html.ts';
import { defineTask } from '../task.ts';
import { endpointJudge } from './judge-voices.ts';

/** A whole evaluation whose figure a bad judge would make: what it does is reported, and never silently scored. */

const duel = defineTask({
  name: 'duel',
  version: 1,
  axis: 'intent',
  about: 'Is the answer better than a fixed one?',
  split: 'made',
  data: null,
  judged: true,
  docs: () => Array.from({ length: 8 }, (_, i) => ({ i })),
  request: ({ i }) => ({ kind: 'generate', prompt: `question ${i}`, maxTokens: 4 }),
  metrics: { wins: { kind: 'mean', about: 'wins, ties as ½', higherIsBetter: true, unit: 'share', chance: 0.5 } },
  score: async ({ i }, { text }, { judge, signal }) => {
    const judged = await judge!.compare(`question ${i}`, text, 'the fixed one', { signal });
    if (judged.status !== 'judged') return { values: { wins: null } };
    const { preference } = judged.value;
    return { values: { wins: preference === 'a' ? 1 : preference === 'tie' ? 0.5 : 0 } };
  },
});

async function judgedBy(t: TestContext, url: string, timeoutSeconds = 2) {
  const evaluation = await runEvaluation({
    models: [new TableModel({ id: 'm', answer: (prompt) => `mine ${String(prompt)}` })],
    tasks: [duel],
    cacheDir: temporaryFolder(t),
    judge: endpointJudge({ url, model: 'judge', pause: 1, attempts: 2, timeoutSeconds }),
    draws: 50,
  });
  const [result] = evaluation.result.results;
  return {
    figure: result!.metrics[0]!,
    judge: result!.judge!,
    warnings: evaluation.result.warnings.join('\n'),
    html: renderHtml(evaluation),
  };
}
const served = async (t: TestContext, answer: (request: FakeRequest) => FakeAnswer, timeoutSeconds?: number) =>
  judgedBy(t, (await fakeEndpoint(t, answer)).url, timeoutSeconds);

test('a judge that always prefers what stands first decides nothing, and is caught', async (t) => {
  const { figure, judge, warnings, html } = await served(t, () => says('{"better": 1}'));
  assert.equal(figure.value, 0.5, 'every comparison is a tie');
  assert.deepEqual([judge.orders!.n, judge.orders!.flips], [8, 8]);
  assert.match(warnings, /judge judge changed 8 of 8 comparisons with the order; they count as ties\./);
  assert.match(html, /8 of 8 verdicts changed with the order/);
});

test('a judge that is true to the answers is not accused', async (t) => {
  const { figure, judge, warnings } = await served(t, (request) =>
    says(/Answer 1:\n<text>\nmine/.test(lastMessage(request)) ? '{"better": 1}' : '{"better": 2}'),
  );
  assert.equal(figure.value, 1);
  assert.equal(judge.orders!.flips, 0);
  assert.doesNotMatch(warnings, /with the order/);
});

test('a judge that is incoherent, down or slow leaves the figure empty and says so', async (t) => {
  const odd = await served(t, () => says('Both have their merits.'));
  const down = await judgedBy(t, await nobodyThere());
  const slow = await served(t, () => ({ ...says('{"better": 1}'), delay: 3000 }), 0.05);
  for (const [{ figure, judge, warnings, html }, kind] of [
    [odd, 'unparseable'],
    [down, 'unreachable'],
    [slow, 'timeout'],
  ] as const) {
    assert.deepEqual([figure.value, figure.n, figure.missing], [null, 0, 8], kind);
    assert.equal(judge.failed[kind] > 0, true, kind);
    assert.equal(
      Object.values(judge.failed).reduce((sum, count) => sum + count, 0),
      8,
      kind,
    );
    assert.match(warnings, /judge judge gave no verdict on 8 of 8 questions/);
    assert.match(html, /class="marked"><div>[^<]*<span class="figure">–<\/span>.*no verdict on 8 of 8 questions/);
  }
});
