import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Comparison, readExamples, readFeedback } from '../data/index.ts';
import {
  askedQuestion,
  type FakeAnswer,
  type FakeRequest,
  fakeEndpoint,
  nobodyThere,
  says,
} from '../evaluate/endpoint/fake-endpoint.test.support.ts';
import { readJsonl } from '../runs/index.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };

function folderOf(t: TestContext, rows: readonly object[]) {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'prompts.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(join(cwd, 'principles.md'), '## Kind\nBe kind.\n\n## True\nBe true.\n');
  const start = (model: string, ...args: string[]) =>
    spawn(process.execPath, [main, 'generate', model, 'prompts.jsonl', '--threads', '1', ...args], { cwd, env });
  const generate = async (model: string, ...args: string[]) => {
    const child = start(model, ...args);
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, out, err };
  };
  const text = (name: string) => readFileSync(join(cwd, name), 'utf8');
  return { cwd, generate, start, text, rowsOf: (name: string) => readJsonl(join(cwd, name)).rows };
}
const prompts = (count: number) => Array.from({ length: count }, (_, i) => ({ prompt: `question ${i}` }));

/** A chat model: rude at first, and kind when it is told to rewrite its answer. Other seeds give other texts. */
function assistant({ body, path }: FakeRequest): FakeAnswer {
  if (path !== '/v1/chat/completions') return { status: 404, text: 'chats only' };
  const { length } = body['messages'] as readonly unknown[];
  return says(`${{ 1: 'rude', 3: 'it was rude', 5: 'kind' }[length]} answer ${body['seed']}`);
}

test('critique and revision: conversations for sft, comparisons for preference methods, the same again', async (t) => {
  const { cwd, generate, text, rowsOf } = folderOf(t, [...prompts(20), ...prompts(1)]);
  const { url, requests } = await fakeEndpoint(t, assistant);
  const call = ['--principles', 'principles.md', '--n', '2', '--seed', '5'];
  const { code, out, err } = await generate(
    `${url}#m`,
    '--out',
    'sft.jsonl',
    '--pairs',
    'dpo.jsonl',
    ...call,
    '--json',
  );
  assert.equal(code, 0, err);
  const facts = JSON.parse(out) as Record<string, number>;
  assert.equal(facts['repeated'], 1);
  assert.deepEqual([facts['prompts'], facts['revisions'], facts['rows'], facts['comparisons']], [20, 40, 40, 40]);
  const chats = requests.filter(({ body }) => (body['messages'] as unknown[] | undefined)?.length === 3);
  assert.equal(chats.length, 40);

  const { examples } = await readExamples(join(cwd, 'sft.jsonl'));
  assert.equal(examples.length, 40);
  for (const [i, row] of rowsOf('sft.jsonl').entries()) {
    const { messages, principle, model, seed } = row as { messages: { content: string }[]; [key: string]: unknown };
    assert.match(messages.at(-1)!.content, /^kind answer/);
    assert.equal(messages[0]!.content, `question ${Math.floor(i / 2)}`);
    assert.deepEqual([model, seed, ['kind', 'true'].includes(String(principle))], ['m', 5, true]);
  }
  const ofFirst = rowsOf('sft.jsonl').slice(0, 2);
  assert.equal(new Set(ofFirst.map(({ principle }) => principle)).size, 2, 'two revisions by two principles');
  const comparisons = (await readFeedback(join(cwd, 'dpo.jsonl'))).rows as readonly Comparison[];
  for (const { answers, choice, annotator, source } of comparisons) {
    assert.deepEqual([choice, annotator, answers[0][0]!.content.slice(0, 4)], ['first', 'm', 'kind']);
    assert.match(answers[1][0]!.content, /^rude answer/);
    assert.ok(source === 'kind' || source === 'true');
  }

  assert.equal((await generate(`${url}#m`, '--out', 'again.jsonl', ...call)).code, 0);
  assert.equal(text('again.jsonl'), text('sft.jsonl'));
  const asked = requests.length;
  assert.equal((await generate(`${url}#m`, '--out', 'sft.jsonl', ...call)).code, 0);
  assert.ok(requests.length - asked < 5, 'only the server’s abilities are asked for again');
});

test('a killed command goes on, and ends as one that was left alone; Ctrl-C leaves by its own code', async (t) => {
  const { cwd, generate, start, text, rowsOf } = folderOf(t, prompts(60));
  const { url } = await fakeEndpoint(t, (request) => ({ ...assistant(request), delay: 10 }));
  const call = ['--principles', 'principles.md', '--out', 'cut.jsonl'];
  const record = join(cwd, 'cut.jsonl.revisions.jsonl');
  const child = start(`${url}#m`, ...call);
  while (readJsonl(record).rows.length < 10) await sleep(5);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const killed = rowsOf('cut.jsonl.revisions.jsonl');
  assert.ok(killed.length < 61 && !existsSync(join(cwd, 'cut.jsonl')));
  const second = start(`${url}#m`, ...call);
  while (readJsonl(record).rows.length < killed.length + 10) await sleep(5);
  second.kill('SIGINT');
  assert.equal(await new Promise((resolve) => second.once('close', resolve)), 130);
  assert.equal((await generate(`${url}#m`, ...call)).code, 0);
  assert.deepEqual(rowsOf('cut.jsonl.revisions.jsonl').slice(0, killed.length), killed);
  assert.equal((await generate(`${url}#m`, '--principles', 'principles.md', '--out', 'whole.jsonl')).code, 0);
  assert.equal(text('cut.jsonl'), text('whole.jsonl'));
  assert.equal(rowsOf('whole.jsonl').length, 60);
});

test('a model of this machine revises its answers, repeatably', async (t) => {
  const { cwd, generate, text, rowsOf } = folderOf(t, [{ prompt: 'question : what is nobody1 town ?' }]);
  const call = ['--principles', 'regulated-qa', '--max-tokens', '6', '--n', '2'];
  const first = await generate('pocket', '--out', 'a.jsonl', ...call);
  assert.equal(first.code, 0, first.err);
  const [{ revisions }] = rowsOf('a.jsonl.revisions.jsonl').slice(1) as unknown as [{ revisions: object[] }];
  assert.equal(revisions.length, 2);
  assert.match(first.out, /revisions +2 of answers to 1 prompts by pocket, by 11 principles/);
  assert.equal((await readExamples(join(cwd, 'a.jsonl'))).examples.length, 2, first.out);
  assert.equal((await generate('pocket', '--out', 'b.jsonl', ...call)).code, 0);
  assert.equal(text('b.jsonl.revisions.jsonl'), text('a.jsonl.revisions.jsonl'));
  const small = goldenPath('models/babyllama-361-chat');
  const outgrown = await generate(small, '--out', 'c.jsonl', '--principles', 'regulated-qa', '--max-tokens', '6');
  assert.match(outgrown.out, /rows +0 conversations[\s\S]*no room +1 conversations outgrew the model and give no row/);
});

test('what does not go together is said before anything is asked', async (t) => {
  const { generate } = folderOf(t, prompts(2));
  const { url, requests } = await fakeEndpoint(t, assistant);
  const said = async (...args: string[]) => (await generate(`${url}#m`, '--out', 'x.jsonl', ...args)).err;
  const principles = ['--principles', 'principles.md'];
  assert.match(
    await said(...principles, '--keep', 'best', '--min-score', '1'),
    /--keep and --min-score and --principles do not go together/,
  );
  assert.match(await said(...principles, '--pairs', 'x.jsonl'), /--pairs and --out are one file/);
  assert.match(await said(...principles, '--pairs', 'prompts.jsonl'), /--pairs is the file of the prompts/);
  assert.match(await said('--principles', 'nothing.md'), /There is no file nothing\.md[\s\S]*regulated-qa/);
  assert.match(await said('--pairs', 'y.jsonl'), /--pairs goes with --principles/);
  assert.match(await said('--reward', 'rubric'), /--reward rubric and --judge go together/);
  assert.match(await said('--judge', `${url}#j`), /--reward rubric and --judge go together/);
  assert.equal(requests.length, 0);
});

const rubric = [
  { criterion: 'says a', points: 3 },
  { criterion: 'says b', points: 1 },
];
const asksRubric = ['--reward', 'rubric', '--max-tokens', '8', '--n', '2', '--keep', 'all'];

test('answers are rewarded by the rubric of their row, as a judge grades it; no verdict is no score', async (t) => {
  const question = 'question : what is nobody1 town ?';
  const { generate, rowsOf } = folderOf(t, [
    { prompt: question, rubric },
    { prompt: `${question} `, rubric: [{ criterion: 'puzzling', points: 1 }] },
    { prompt: `${question}  ` },
  ]);
  const { url } = await fakeEndpoint(t, (request) =>
    says(askedQuestion(request).includes('puzzling') ? 'Hard to say.' : '{"met": [true, false]}'),
  );
  const { code, out, err } = await generate(
    'pocket',
    '--judge',
    `${url}#j`,
    '--out',
    'x.jsonl',
    ...asksRubric,
    '--json',
  );
  assert.equal(code, 0, err);
  const answers = rowsOf('x.jsonl.samples.jsonl')
    .slice(1)
    .map(({ answers: own }) => own) as { score: number | null }[][];
  assert.deepEqual(
    answers.map((own) => own.map(({ score }) => score)),
    [
      [0.75, 0.75],
      [null, null],
      [null, null],
    ],
  );
  const { judge, unscored } = JSON.parse(out) as { judge: { failed: object; asked: number }; unscored: number };
  assert.deepEqual([unscored, judge.asked, judge.failed], [4, 4, { unparseable: 2, unreachable: 0, timeout: 0 }]);
});

test('a judge that is down stops the command before anything goes without its reward; a bad rubric is named', async (t) => {
  const { cwd, generate } = folderOf(t, [{ prompt: 'question : what is nobody1 town ?', rubric }]);
  const down = await generate('pocket', '--judge', `${await nobodyThere()}#j`, '--out', 'x.jsonl', ...asksRubric);
  assert.equal(down.code, 1);
  assert.match(down.err, /judge j gave no verdict on a rubric: .*cannot be reached/);
  assert.ok(!existsSync(join(cwd, 'x.jsonl')));
  assert.equal(readJsonl(join(cwd, 'x.jsonl.samples.jsonl')).rows.length, 1, 'its settings alone');
  writeFileSync(join(cwd, 'prompts.jsonl'), '{"prompt": "a"}\n{"prompt": "b", "rubric": [{"points": 1}]}\n');
  const bad = await generate('pocket', '--judge', 'http://127.0.0.1:1/v1#j', '--out', 'y.jsonl', ...asksRubric);
  assert.match(bad.err, /rubric\[0\] has no criterion[\s\S]*in prompts\.jsonl:2/);
  writeFileSync(join(cwd, 'prompts.jsonl'), '{"prompt": "a"}\n');
  const none = await generate('pocket', '--judge', 'http://127.0.0.1:1/v1#j', '--out', 'y.jsonl', ...asksRubric);
  assert.match(none.err, /none of the 1 prompts has a rubric/);
});
