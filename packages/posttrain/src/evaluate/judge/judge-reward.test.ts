import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrinciples } from '../../data/index.ts';
import { scoreSample } from '../../scoring/index.ts';
import {
  askedQuestion,
  type FakeRequest,
  fakeEndpoint,
  nobodyThere,
  says,
} from '../endpoint/fake-endpoint.test.support.ts';
import { judgeReward } from './judge-reward.ts';
import { endpointJudge } from './judge-voices.ts';

const { principles } = parsePrinciples('## Kind\nBe kind.\n\n## Brief\nBe brief.', 'p.md');
const context = { signal: new AbortController().signal };
const sample = (text: string, row: object = { reference: 'the reference' }) => ({
  ...{ messages: [{ role: 'user' as const, content: 'Why?' }], text, tokens: [], finish: 'stop' as const },
  row: row as Readonly<Record<string, unknown>>,
});
/** Which answer a question shows first. */
const firstShown = (request: FakeRequest) => /Answer 1:\n<text>\n(.*)\n<\/text>/.exec(askedQuestion(request))![1]!;

test('1, ½ and 0 by what the judge prefers in both orders; a verdict that changes with the order is a tie', async (t) => {
  const { url, requests } = await fakeEndpoint(t, (request) => {
    if (/Be brief/.test(askedQuestion(request))) return says('{"better": 1}');
    // Kind beats the reference, and the reference beats rude.
    const rank = { kind: 2, 'the reference': 1, rude: 0 }[firstShown(request)]!;
    const isOfKind = /\nkind\n/.test(askedQuestion(request));
    return says(`{"better": ${rank === 2 || (rank === 1 && !isOfKind) ? 1 : 2}}`);
  });
  const reward = judgeReward({ judge: endpointJudge({ url, model: 'm' }), principles });
  const kind = await scoreSample(reward, sample('kind'), context);
  assert.deepEqual([kind.value, kind.parts], [0.75, { kind: 1, brief: 0.5, changed: 0.5 }]);
  const rude = await scoreSample(reward, sample('rude'), context);
  assert.deepEqual([rude.value, rude.parts], [0.25, { kind: 0, brief: 0.5, changed: 0.5 }]);
  assert.equal(requests.length, 8, 'two principles, both orders, two answers');
  assert.ok(requests.every(({ body }) => body['temperature'] === 0));
  const same = await scoreSample(reward, sample('the reference'), context);
  const none = await scoreSample(reward, sample('kind', {}), context);
  assert.deepEqual([same.value, none.value, requests.length], [0.5, null, 8]);
});

test('no verdict is null, and a judge that is not there is an error', async (t) => {
  const { url } = await fakeEndpoint(t, () => says('I like both.'));
  const mute = judgeReward({ judge: endpointJudge({ url, model: 'm' }) });
  assert.deepEqual(await scoreSample(mute, sample('kind'), context), {
    ...{ reward: 'judge', value: null, parts: {}, why: 'no verdict' },
  });
  const gone = judgeReward({ judge: endpointJudge({ url: await nobodyThere(), model: 'm', attempts: 1 }) });
  await assert.rejects(scoreSample(gone, sample('kind'), context), {
    code: 'endpoint-failed',
    message: /judge m gave no verdict on a pair of answers: .*cannot be reached/,
  });
});
