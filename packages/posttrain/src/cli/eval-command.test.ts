import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fakeEndpoint } from '../evaluate/endpoint/fake-endpoint.test.support.ts';
import { goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { shortNames } from './eval-models.ts';
import { parseAssignments, parseMargins } from './eval-options.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };
const stories = goldenPath('models/stories260K');

function posttrain(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'eval', ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

/** A folder with a task of one's own: which of two endings is likelier. */
function folderWithTask(t: TestContext): string {
  const cwd = temporaryFolder(t);
  writeFileSync(
    join(cwd, 'endings.eval.mjs'),
    `export default {
  name: 'endings', version: 1, axis: 'domain', about: 'Endings.', split: 'all rows',
  docs: (source) => source.rows(),
  request: ({ story }) => ({ kind: 'loglikelihood', context: story, continuations: [' She was happy.', ' Quantum fiscal.'] }),
  metrics: { acc: { kind: 'mean', about: 'likelier', higherIsBetter: true, unit: 'share', chance: 0.5 } },
  score: (_doc, { choices: [a, b] }) => ({ values: { acc: a.logp > b.logp ? 1 : 0 }, outcome: a.logp > b.logp ? 'correct' : 'incorrect' }),
};`,
  );
  const rows = Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({ story: `Once upon a time there were ${i} girls.` }),
  );
  writeFileSync(join(cwd, 'endings.jsonl'), rows.join('\n'));
  return cwd;
}

const call = ['--tasks', './endings.eval.mjs', '--data', 'endings=endings.jsonl', '--threads', '1'];

test('a model folder is evaluated: exit codes of requirements, files, one JSON document', (t) => {
  const cwd = folderWithTask(t);
  const first = posttrain(cwd, stories, ...call, '--json', '--require', 'endings.acc >= 0.8');
  assert.equal(first.code, 0, first.err);
  const result = JSON.parse(first.out) as {
    results: { metrics: { value: number }[] }[];
    requirements: { outcome: string }[];
  };
  assert.equal(result.results[0]!.metrics[0]!.value, 1);
  assert.equal(result.requirements[0]!.outcome, 'passed');
  const out = join(cwd, 'evaluations/evaluation-1');
  for (const name of [
    'scorecard.json',
    'scorecard.md',
    'scorecard.html',
    'samples.jsonl',
    'tasks/endings--stories260K.json',
  ])
    assert.ok(existsSync(join(out, name)), name);
  assert.equal(readFileSync(join(out, 'samples.jsonl'), 'utf8').trim().split('\n').length, 30);

  const failed = posttrain(cwd, stories, ...call, '--out', 'second', '--require', 'endings.acc < 0.5');
  assert.equal(failed.code, 4, failed.err);
  assert.match(failed.out, /^failed {2}endings\.acc < 0\.5: the high end of/m);
  assert.match(failed.out, /^domain {2}endings {2}acc ↑ +30 +100\.0 \[88\.6, 100\.0\]/m);
  const bytes = (folder: string, name: string) => readFileSync(join(cwd, folder, name), 'utf8');
  for (const name of ['samples.jsonl', 'tasks/endings--stories260K.json'])
    assert.equal(bytes('second', name), bytes('evaluations/evaluation-1', name));
});

test('mistakes of the call end in 2 and ask nothing of a model', (t) => {
  const cwd = folderWithTask(t);
  const refused = (message: RegExp, ...args: string[]) => {
    const { code, err } = posttrain(cwd, ...args);
    assert.equal(code, 2, err);
    assert.match(err, message);
  };
  refused(/error No model is named\./, '--tasks', 'gsm8k');
  refused(/error No task is named\./, stories);
  refused(/error There is no task gsm8\.[\s\S]*Did you mean gsm8k\?/, stories, '--tasks', 'gsm8');
  refused(
    /error task endings has no data\.[\s\S]*give it with --data endings=PATH/,
    stories,
    '--tasks',
    './endings.eval.mjs',
  );
  refused(/--data endings is no NAME=VALUE/, stories, '--tasks', './endings.eval.mjs', '--data', 'endings');
  refused(/the requirement "x" cannot be read/, stories, ...call, '--require', 'x');
  refused(/--precision is fp8/, stories, ...call, '--precision', 'fp8');
});

test('--list shows the tasks and loads no libtorch', (t) => {
  const listed = spawnSync(process.execPath, [main, 'eval', '--list', '--json'], {
    cwd: temporaryFolder(t),
    env: { ...env, POSTTRAIN_ADDON: '/nonexistent', POSTTRAIN_TORCH: '/nonexistent' },
    encoding: 'utf8',
  });
  assert.equal(listed.status, 0, listed.stderr);
  const tasks = JSON.parse(listed.stdout) as { name: string; data: string }[];
  assert.ok(tasks.some(({ name, data }) => name === 'gsm8k' && data === 'gsm8k'));
});

test('Ctrl-C writes a partial report and ends in 130; the same call goes on', async (t) => {
  const cwd = folderWithTask(t);
  writeFileSync(
    join(cwd, 'words.eval.mjs'),
    `export default {
  name: 'words', version: 1, axis: 'domain', about: 'Words.', split: 'made', data: null,
  docs: () => Array.from({ length: 200 }, (_, i) => ({ i })),
  request: ({ i }) => ({ kind: 'generate', prompt: 'word ' + i, maxTokens: 4 }),
  metrics: { acc: { kind: 'mean', about: 'any', higherIsBetter: true, unit: 'share' } },
  score: (_doc, { text }) => ({ values: { acc: Number(text === 'ok') } }),
};`,
  );
  const server = await fakeEndpoint(t, ({ body }) =>
    body['echo']
      ? { status: 404, text: 'no' }
      : { delay: 15, json: { choices: [{ text: 'ok', finish_reason: 'stop' }] } },
  );
  const prompts = () => server.requests.filter(({ body }) => !body['echo']).map(({ body }) => String(body['prompt']));
  const args = [main, 'eval', `${server.url}#words`, '--tasks', './words.eval.mjs', '--out', 'out'];
  const child = spawn(process.execPath, args, { cwd, env });
  while (prompts().length < 70) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGINT');
  assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 130);
  const partial = JSON.parse(readFileSync(join(cwd, 'out/scorecard.json'), 'utf8')) as {
    partial: boolean;
    results: { n: number }[];
  };
  assert.equal(partial.partial, true);
  const kept = partial.results[0]!.n;
  assert.ok(kept >= 64 && kept < 200, `${kept} documents`);
  const before = prompts().length;
  const second = spawn(process.execPath, args, { cwd, env });
  assert.equal(await new Promise((resolve) => second.on('exit', resolve)), 0);
  assert.equal(prompts().length - before, 200 - kept, 'only what was not kept is asked');
});

test('models are called by the last part of their path, checkpoints with their run', () => {
  assert.deepEqual(
    shortNames(['./base/', 'runs/a', 'runs/a/checkpoints/step-20', 'http://h:1/v1#m/x', 'x/same', 'y/same']),
    ['base', 'a', 'a/step-20', 'm/x', 'x/same', 'y/same'],
  );
});

test('options that are repeated', () => {
  assert.deepEqual(parseAssignments('--data', ['a=b=c', 'd=e']), { a: 'b=c', d: 'e' });
  assert.throws(() => parseAssignments('--data', ['a=b', 'a=c']), { message: '--data gives a twice.' });
  assert.deepEqual(parseMargins(['mmlu.acc=0.02']), { 'mmlu.acc': 0.02 });
  assert.throws(() => parseMargins(['mmlu.acc=0']), { message: '--margin mmlu.acc=0 is no number above 0.' });
});
