import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { type FakeRequest, fakeEndpoint, nobodyThere, says } from '../endpoint/fake-endpoint.test.support.ts';
import { runEvaluation } from '../evaluate.ts';
import { choices, sums } from '../fixtures.test.support.ts';
import { byMutualInformation } from '../tasks/by-mutual-information.ts';
import { EndpointModel } from './endpoint-model.ts';

/** A completion server of words: log p of a word is minus its number of letters. */
function completions({ body }: FakeRequest, { honest = true, extra = 0 } = {}) {
  const prompt = String(body['prompt']);
  if (!body['echo'])
    return { json: { choices: [{ text: ' 7 ok', finish_reason: 'length' }], usage: { completion_tokens: 2 } } };
  const words = [...prompt.matchAll(/\s*\S+/g)];
  const tokens = [...words.map(([word]) => word), ' next'];
  const logps = tokens.map((word, i) => (i === 0 ? null : honest ? -word.trim().length : 0));
  const logprobs = {
    tokens,
    token_logprobs: logps,
    text_offset: [...words.map(({ index }) => index), prompt.length],
    top_logprobs: tokens.map((word, i) => (i === 0 ? null : { [word]: word.trim().length > 3 ? 0 : logps[i]! })),
  };
  return { json: { choices: [{ text: prompt, logprobs }], usage: { prompt_tokens: words.length + extra } } };
}

test('a server with prompt log-probabilities judges likelihoods of continuations', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  assert.deepEqual(model.kinds, ['loglikelihood', 'generate', 'chat']);
  const [judged] = await model.likelihoods([{ context: 'a bb', continuations: [' ccc', ' dddd e'] }], {});
  assert.deepEqual(judged, [
    { logp: -3, tokens: 1, greedy: true, cut: 0 },
    { logp: -5, tokens: 2, greedy: false, cut: 0 },
  ]);
});

test('texts without a context are whole texts, of which a server says too little', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  const tasks = [choices(3), byMutualInformation(choices(3))];
  const { result } = await runEvaluation({ models: [model], tasks, cacheDir: temporaryFolder(t) });
  assert.deepEqual(
    result.results.map(({ task }) => task),
    ['choices'],
  );
  assert.deepEqual(
    result.notRun.map(({ task, why }) => [task, why]),
    [
      [
        'choices/mutual_info',
        'it gives no log-likelihoods of whole texts: a server does not say what stands before the first token of a text.',
      ],
    ],
  );
});

test('tasks of likelihoods are not run where every continuation is equally likely', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request, { honest: false }));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  assert.deepEqual(model.kinds, ['generate', 'chat']);
  const before = server.requests.length;
  const { result } = await runEvaluation({ models: [model], tasks: [choices(3)], cacheDir: temporaryFolder(t) });
  assert.deepEqual(result.notRun, [
    {
      task: 'choices',
      axis: 'factuality',
      model: 'm',
      why: 'it gives no log-likelihoods of continuations: the server gives " Paris" and " bicycle" the same log-likelihood, 0.',
    },
  ]);
  assert.equal(server.requests.length, before, 'nothing was asked');
});

test('likelihoods are refused where the log-probabilities do not fit the prompt', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request, { extra: 1 }));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  assert.match(model.whyNot.loglikelihood!, /gives 7 log-probabilities for 7 tokens of a prompt and one of the answer/);
});

test('likelihoods are refused where the server knows no completions, and chat still works', async (t) => {
  const server = await fakeEndpoint(t, ({ path }) =>
    path === '/v1/completions' ? { status: 404, text: 'no' } : says('hi'),
  );
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  assert.deepEqual(model.kinds, ['chat']);
  assert.match(model.whyNot.loglikelihood!, /gives no log-probabilities of prompts: .* answers 404: no\./);
  assert.match(model.whyNot.generate!, /continues no text: .* answers 404: no\./);
  const settings = { maxTokens: 5, stop: ['\n'], temperature: 0, topP: 1, seeds: [2 ** 32 - 1] };
  const [answer] = await model.generate([[{ role: 'user', content: 'hello' }]], settings, {});
  assert.equal(answer!.text, 'hi');
  const { body } = server.requests.at(-1)!;
  assert.deepEqual(body, {
    model: 'm',
    messages: [{ role: 'user', content: 'hello' }],
    max_tokens: 5,
    temperature: 0,
    top_p: 1,
    seed: 2 ** 31 - 1,
    stop: ['\n'],
  });
});

test('an endpoint is evaluated, with a word about its weights', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  const { result } = await runEvaluation({ models: [model], tasks: [sums(8)], cacheDir: temporaryFolder(t) });
  assert.equal(result.results[0]!.metrics[0]!.value, 1 / 8); // only 6 + 1 is 7
  assert.equal(result.results[0]!.counts.lengthHit, 8);
  assert.match(result.warnings[0]!, /m: its weights cannot be hashed/);
});

test('whole texts are refused', async (t) => {
  const server = await fakeEndpoint(t, (request) => completions(request));
  const model = await EndpointModel.connect({ url: server.url, model: 'm' });
  await assert.rejects(model.rolling(), { message: /m: a server does not say what stands before the first token/ });
});

test('nobody at the address, and an address that is none', async () => {
  await assert.rejects(EndpointModel.connect({ url: await nobodyThere(), model: 'm' }), {
    code: 'endpoint-failed',
    message: /cannot be reached/,
  });
  await assert.rejects(EndpointModel.connect({ url: 'localhost:80', model: 'm' }), {
    code: 'usage',
    message: '"localhost:80" is no http address.',
  });
});
