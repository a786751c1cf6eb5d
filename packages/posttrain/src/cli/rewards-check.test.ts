import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type FakeAnswer,
  type FakeRequest,
  fakeEndpoint,
  lastMessage,
  says,
} from '../evaluate/endpoint/fake-endpoint.test.support.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { CheckFacts } from './rewards-check-report.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
// Nothing here needs tensors: a broken libtorch shows it.
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '', POSTTRAIN_TORCH: '/nowhere' };

/** Beside the child, because the fake server of this process is to answer it. */
function check(cwd: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, 'rewards', 'check', ...args], { cwd, env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (err += String(text)));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

function folderOf(t: TestContext, reward: string, keys: object = {}) {
  const cwd = temporaryFolder(t);
  const rows = Array.from({ length: 100 }, (_, i) => ({ prompt: `question ${i}`, answer: `answer ${i}` }));
  writeFileSync(join(cwd, 'rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(join(cwd, 'rewards.mjs'), reward);
  const recipe = { method: 'grpo', model: 'pocket', data: { train: './rows.jsonl' }, lr: 1e-6, ...keys };
  writeFileSync(join(cwd, 'grpo.json'), JSON.stringify(recipe));
  return cwd;
}

const tempting = `export const answer = ({ text, row }) =>
  text.startsWith('I do not know') ? 0.1 : text === row.answer ? 1 : -0.5;`;
const rewards = [{ use: './rewards.mjs#answer' }];
/** Right in 29 of 100 questions. */
function trying(request: FakeRequest): FakeAnswer {
  if (!request.path.endsWith('/chat/completions')) return { status: 404, json: {} }; // no log-probabilities of a text
  const number = Number(lastMessage(request).split(' ')[1]);
  return says(number < 29 ? `answer ${number}` : 'no idea at all');
}

test('the abstention collapse is told before training, with what to do, and fails where it is required', async (t) => {
  const { url } = await fakeEndpoint(t, trying);
  const cwd = folderOf(t, tempting, { rewards });
  const { code, out, err } = await check(cwd, 'grpo.json', '--model', `${url}#m`, '--require');
  assert.equal(code, 4, err);
  assert.match(out, /^model +−0\.065 \[−0\.2\d+, 0\.0\d+\], answers of http/m);
  assert.match(out, /^always abstains +100 +0\.100 \[0\.100, 0\.100\] +1\.000 +−0\.065 +beats the model/m);
  assert.match(
    out,
    /^always abstains: a model would earn more than .* does now by never answering\. Against it: .*exact with threshold/m,
  );
  assert.match(
    out,
    /^always abstains: below an accuracy of 40\.0 % this pays more than trying\. The model’s answers earn what an accuracy of 29\.0 % would: training will end in it\.$/m,
  );
  const json = await check(cwd, 'grpo.json', '--model', `${url}#m`, '--json');
  const facts = JSON.parse(json.out) as CheckFacts;
  assert.equal(json.code, 0, 'without --require it only reports');
  assert.deepEqual(
    facts.policies.filter(({ beatsModel }) => beatsModel).map(({ policy }) => policy),
    ['always abstains'],
  );
});

test('the whole reward is checked: gates and weights count, and one reward alone is checked by its name', async (t) => {
  const code = `export const long = ({ text }) => (text.length > 40 ? 1 : 0);
    export const found = ({ text, row }) => (text.includes(row.answer) ? 1 : 0);`;
  const gated = {
    rewards: [
      { use: './rewards.mjs#found', weight: 2 },
      { use: 'exact', gate: true },
    ],
  };
  const cwd = folderOf(t, code, gated);
  const whole = await check(cwd, 'grpo.json', '--json', '--limit', '30', '--require');
  const facts = JSON.parse(whole.out) as CheckFacts;
  assert.deepEqual([whole.code, facts.passed, facts.rows, facts.honest.value], [0, true, 30, 2]);
  const alone = await check(cwd, './rewards.mjs#found', '--data', 'rows.jsonl', '--require');
  assert.equal(alone.code, 4, alone.err);
  for (const policy of ['names every candidate', 'repeats itself', 'pads'])
    assert.match(alone.out, new RegExp(`^${policy} .*as good as honest`, 'm'));
  assert.match(alone.out, /pads: a model would earn about as much as honest answers do by padding what is right/);
  const exact = await check(cwd, 'exact', '--data', 'rows.jsonl', '--require');
  assert.equal(exact.code, 0, exact.err);
  assert.match(exact.out, /^passed: no policy is flagged/m);
});

test('an impure reward, a reward that fails, rows without an honest answer and a wrong call are told', async (t) => {
  const cwd = folderOf(
    t,
    'export const moody = () => Math.random(); export const picky = ({ text }) => text.split(" ")[1].length;',
    { rewards },
  );
  const impure = await check(cwd, './rewards.mjs#moody', '--data', 'rows.jsonl', '--limit', '20');
  assert.match(impure.err, /the reward is impure: .* it differed at 20 of 20 rows/);
  const failing = await check(cwd, './rewards.mjs#picky', '--data', 'rows.jsonl', '--require');
  assert.equal(failing.code, 4);
  assert.match(
    failing.out,
    /says nothing: the reward fails at such an answer, and a run would stop there: reward combined threw|says nothing: the reward fails at such an answer, and a run would stop there: reward picky threw/,
  );
  writeFileSync(join(cwd, 'bare.jsonl'), '{"prompt": "why?"}\n');
  const bare = await check(cwd, 'exact', '--data', 'bare.jsonl');
  assert.notEqual(bare.code, 0);
  assert.match(bare.err, /no row of .*bare\.jsonl says what an honest answer is/);
  const without = await check(cwd, 'exact');
  assert.equal(without.code, 2);
  assert.match(without.err, /--data names the rows that exact is checked on/);
  writeFileSync(
    join(cwd, 'sft.json'),
    JSON.stringify({ method: 'sft', model: 'pocket', data: { train: 'rows.jsonl' }, lr: 1e-3 }),
  );
  assert.match((await check(cwd, 'sft.json')).err, /of method sft, which has no rewards/);
});
