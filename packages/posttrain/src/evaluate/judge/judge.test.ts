import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import {
  askedQuestion,
  type FakeRequest,
  fakeEndpoint,
  lastMessage,
  nobodyThere,
  says,
} from '../endpoint/fake-endpoint.test.support.ts';
import { runEvaluation } from '../evaluate.ts';
import { TableModel } from '../models/table-model.ts';
import { defineTask } from '../task.ts';
import { calibrateJudge, readLabelledItems } from './calibration.ts';
import type { Judge, Judged } from './judge.ts';
import { endpointJudge, modelJudge } from './judge-voices.ts';
import { readVerdict } from './questions.ts';

const { signal } = new AbortController();
const quick = { model: 'judge', pause: 1, timeoutSeconds: 2 } as const;

/** Supported iff the source holds the claim's last word. */
function honest(request: FakeRequest) {
  const [, source, claim] = /Source:\n<text>\n(.*?)\n<\/text>\n\nClaim:\n<text>\n(.*?)\n<\/text>/s.exec(
    askedQuestion(request),
  )!;
  return says(JSON.stringify({ supported: source!.includes(claim!.split(' ').at(-1)!) }));
}

test('a verdict is read from JSON, thought aloud or fenced', () => {
  assert.deepEqual(readVerdict('Let me see {x}. ```json\n{"supported": true}\n```'), { supported: true });
  assert.deepEqual(readVerdict('{"better": 1} no, {"better": "tie"}'), { better: 'tie' });
  assert.equal(readVerdict('supported: true'), undefined);
});

test('an endpoint judges support, at temperature 0 and with its key', async (t) => {
  const server = await fakeEndpoint(t, honest);
  const judge = endpointJudge({ ...quick, url: server.url, apiKey: 'secret' });
  assert.deepEqual(await judge.entails('Olo lives in Tarn', 'Olo lives in Tarn', { signal }), {
    status: 'judged',
    value: true,
  });
  assert.deepEqual(await judge.entails('Olo lives in Tarn', 'Olo lives in Brek', { signal }), {
    status: 'judged',
    value: false,
  });
  assert.equal(server.requests[0]!.body['temperature'], 0);
  assert.equal(server.requests[0]!.authorization, 'Bearer secret');
  assert.doesNotMatch(JSON.stringify(judge), /secret/);
});

test('a rubric needs a verdict for every criterion', async (t) => {
  const server = await fakeEndpoint(t, (_request, number) =>
    says(number === 0 ? '{"met": [true]}' : '{"met": [true, false]}'),
  );
  const judge = endpointJudge({ ...quick, url: server.url });
  const rubric = [
    { criterion: 'names the town', points: 3 },
    { criterion: 'insults', points: -5 },
  ];
  const judged = await judge.grade(rubric, [{ role: 'assistant', content: 'Tarn.' }], { signal });
  assert.deepEqual(judged, { status: 'judged', value: [true, false] });
  assert.equal(server.requests.length, 2, 'the short list was no verdict');
  assert.match(lastMessage(server.requests[1]!), /^That is not the form\. Answer with nothing but \{"met"/);
});

test('a judge biased to position: every comparison becomes a tie, and is counted as flipped', async (t) => {
  const server = await fakeEndpoint(t, () => says('{"better": 1}'));
  const judged = await endpointJudge({ ...quick, url: server.url }).compare('q', 'x', 'y', { signal });
  assert.deepEqual(judged, { status: 'judged', value: { preference: 'tie', aFirst: 'a', bFirst: 'b' } });
});

test('a judge that prefers an answer wherever it stands is believed', async (t) => {
  const server = await fakeEndpoint(t, (request) =>
    says(/Answer 1:\n<text>\nlong/.test(lastMessage(request)) ? '{"better": "1"}' : '{"better": 2}'),
  );
  const judged = await endpointJudge({ ...quick, url: server.url }).compare('q', 'short', 'long', { signal });
  assert.deepEqual(judged, { status: 'judged', value: { preference: 'b', aFirst: 'b', bFirst: 'b' } });
});

test('an incoherent judge is asked three times and then has no verdict', async (t) => {
  const server = await fakeEndpoint(t, () => says('Well, it depends.'));
  const judged = await endpointJudge({ ...quick, url: server.url }).entails('a', 'b', { signal });
  assert.deepEqual(judged, { status: 'unparseable', why: 'no verdict in "Well, it depends."' });
  assert.equal(server.requests.length, 3);
});

test('a judge that is down is reported, and not asked for ever', async () => {
  const judge = endpointJudge({ ...quick, url: await nobodyThere(), patience: 4 });
  const judged: Judged<boolean>[] = [];
  for (let i = 0; i < 5; i++) judged.push(await judge.entails('a', `b${i}`, { signal }));
  assert.deepEqual([...new Set(judged.map(({ status }) => status))], ['unreachable']);
  assert.match(
    (judged[0] as { why: string }).why,
    /^http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions cannot be reached: ECONNREFUSED\.$/,
  );
  assert.match((judged[4] as { why: string }).why, /no answer 4 times in a row/);
});

test('a judge that is slow times out', async (t) => {
  const server = await fakeEndpoint(t, () => ({ ...says('{"supported": true}'), delay: 1500 }));
  const judge = endpointJudge({ ...quick, url: server.url, timeoutSeconds: 0.05, attempts: 2 });
  const judged = await judge.entails('a', 'b', { signal });
  assert.equal(judged.status, 'timeout');
  assert.match((judged as { why: string }).why, /gave no answer in 0\.05 s/);
  assert.equal(server.requests.length, 2);
});

test('a judge that recovers is heard', async (t) => {
  const server = await fakeEndpoint(t, (request, number) =>
    number === 0 ? { status: 503, text: 'busy' } : honest(request),
  );
  const judged = await endpointJudge({ ...quick, url: server.url }).entails('x y', 'y', { signal });
  assert.deepEqual(judged, { status: 'judged', value: true });
});

test('no more questions at a time than are allowed', async (t) => {
  const server = await fakeEndpoint(t, (request) => ({ ...honest(request), delay: 20 }));
  const judge = endpointJudge({ ...quick, url: server.url, concurrency: 2 });
  await Promise.all(Array.from({ length: 9 }, (_, i) => judge.entails('s', `c${i}`, { signal })));
  assert.equal(server.requests.length, 9);
  assert.equal(server.busiest(), 2);
});

test('Ctrl-C reaches a judge that is waited for', async (t) => {
  const server = await fakeEndpoint(t, () => ({ ...says('{"supported": true}'), delay: 60_000 }));
  const stop = new AbortController();
  const asked = endpointJudge({ ...quick, url: server.url, timeoutSeconds: 30 }).entails('a', 'b', {
    signal: stop.signal,
  });
  setTimeout(() => stop.abort(new Error('stopped')), 20);
  await assert.rejects(asked, { message: 'stopped' });
});

test('a model of this machine judges what is asked together in one batch', async () => {
  let calls = 0;
  const model = new TableModel({
    id: 'local',
    answer: (prompt) =>
      /Claim:\n<text>\nyes/.test(JSON.stringify(prompt).replaceAll('\\n', '\n'))
        ? '{"supported":true}'
        : '{"supported":false}',
  });
  const generate = model.generate.bind(model);
  model.generate = (...asked) => {
    calls++;
    return generate(...asked);
  };
  const judge = modelJudge(model);
  const judged = await Promise.all(['yes', 'no', 'yes'].map((claim) => judge.entails('s', claim, { signal })));
  assert.deepEqual(
    judged.map((one) => one.status === 'judged' && one.value),
    [true, false, true],
  );
  assert.equal(calls, 1);
});

test('a model without a chat template cannot judge', () => {
  const mute = Object.assign(new TableModel({ id: 'base' }), { kinds: ['generate'], whyNot: { chat: 'no template.' } });
  assert.throws(() => modelJudge(mute), { code: 'usage', message: 'base cannot judge: no template.' });
});

const judgedTask = defineTask({
  name: 'judged',
  version: 1,
  axis: 'citations',
  about: 'Support by a judge.',
  split: 'made',
  data: null,
  judged: true,
  docs: () => Array.from({ length: 6 }, (_, i) => ({ source: `Olo has ${i}`, claim: `Olo has ${i < 4 ? i : 9}` })),
  request: ({ claim }) => ({ kind: 'generate', prompt: claim, maxTokens: 8 }),
  metrics: { supported: { kind: 'mean', about: 'supported by its source', higherIsBetter: true, unit: 'share' } },
  score: async ({ source }, { text }, { judge, signal: stop }) => {
    const judged = await judge!.entails(source, text, { signal: stop });
    return { values: { supported: judged.status === 'judged' ? Number(judged.value) : null } };
  },
});
const echo = () => new TableModel({ id: 'echo', answer: String });

function evaluateWith(cacheDir: string, judge: Judge) {
  return runEvaluation({ models: [echo()], tasks: [judgedTask], cacheDir, judge });
}

test('verdicts are kept, failures are asked again, and neither is silently scored', async (t) => {
  const cacheDir = temporaryFolder(t);
  let broken = true;
  const server = await fakeEndpoint(t, (request) =>
    broken && askedQuestion(request).includes('Olo has 2\n') ? says('hm') : honest(request),
  );
  const judge = () => endpointJudge({ ...quick, url: server.url });
  const first = (await evaluateWith(cacheDir, judge())).result;
  const [figure] = first.results[0]!.metrics;
  assert.equal(figure!.value, 3 / 5);
  assert.equal(figure!.missing, 1);
  assert.deepEqual(first.results[0]!.judge!.failed, { unparseable: 1, unreachable: 0, timeout: 0 });
  assert.match(
    first.warnings.join('\n'),
    /judge judge gave no verdict on 1 of 6 questions \(unparseable: no verdict in "hm"\)/,
  );
  assert.match(first.warnings.join('\n'), /judge judge is not calibrated: its rows are indicative/);
  assert.equal(server.requests.length, 5 + 3);

  broken = false;
  const second = (await evaluateWith(cacheDir, judge())).result;
  assert.equal(server.requests.length, 5 + 3 + 1, 'only the failed question is asked again');
  assert.equal(second.results[0]!.metrics[0]!.value, 4 / 6);
  const verdicts = readdirSync(cacheDir)
    .map((name) => readFileSync(join(cacheDir, name), 'utf8'))
    .join('');
  assert.doesNotMatch(verdicts, /hm/);
});

test('a judge that is down leaves the figure empty and says so', async (t) => {
  const judge = endpointJudge({ ...quick, url: await nobodyThere() });
  const { result } = await evaluateWith(temporaryFolder(t), judge);
  assert.equal(result.results[0]!.metrics[0]!.value, null);
  assert.equal(result.results[0]!.judge!.failed.unreachable, 6);
  assert.match(result.warnings.join('\n'), /gave no verdict on 6 of 6 questions/);
});

test('a model does not judge itself unless it may, and then the row says so', async (t) => {
  const model = new TableModel({ id: 'same', answer: () => '{"supported": true}' });
  const call = { models: [model], tasks: [judgedTask], cacheDir: temporaryFolder(t), judge: modelJudge(model) };
  await assert.rejects(runEvaluation(call), {
    message: 'same would judge its own answers: same has the same weights.',
  });
  const { result } = await runEvaluation({ ...call, allowSelfJudge: true });
  assert.match(result.warnings.join('\n'), /judge same judges its own answers/);
});

test('calibration: agreement and κ with people, missing verdicts apart', async (t) => {
  const server = await fakeEndpoint(t, (request) =>
    askedQuestion(request).includes('silent') ? says('?') : honest(request),
  );
  const judge = endpointJudge({ ...quick, url: server.url });
  // 30 supported, of which the judge agrees with 27; 30 unsupported, of which it calls 3 supported; one without a verdict.
  const rows = Array.from({ length: 60 }, (_, i) => {
    const says = i % 30 < 3 ? i >= 30 : i < 30;
    return { premise: `p${i} ${says ? 'yes' : ''}`, claim: `c${i} yes`, supported: i < 30 };
  });
  const file = join(temporaryFolder(t), 'labels.jsonl');
  writeFileSync(
    file,
    [...rows, { premise: 'silent', claim: 'x', supported: true }].map((row) => JSON.stringify(row)).join('\n'),
  );
  const calibration = await calibrateJudge(judge, readLabelledItems(file), { signal });
  assert.equal(calibration.n, 60);
  assert.equal(calibration.missing, 1);
  assert.equal(calibration.agreement, 54 / 60);
  assert.ok(Math.abs(calibration.kappa! - 0.8) < 1e-12); // (.9 − .5) / .5
  assert.equal(calibration.falseSupport, 3 / 30);
  assert.equal(calibration.indicative, null);
});

test('a row that is no labelled item is named', (t) => {
  const file = join(temporaryFolder(t), 'labels.jsonl');
  writeFileSync(file, '{"premise": "a", "claim": "b", "supported": "yes"}\n');
  assert.throws(() => readLabelledItems(file), {
    message: 'row 1 has premise, claim, supported, and is no labelled item.',
  });
});
