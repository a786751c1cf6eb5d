import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
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

test('stored evaluations are compared without a model, and --junit writes what failed', (t) => {
  const cwd = folderWithTask(t);
  const env = { POSTTRAIN_ADDON: '/nonexistent', POSTTRAIN_TORCH: '/nonexistent' };
  for (const out of ['a', 'b']) {
    const { code, err } = posttrain(cwd, stories, ...call, '--out', out, ...(out === 'a' ? ['--limit', '20'] : []));
    assert.equal(code, 0, err);
  }
  const compare = (...args: string[]) =>
    spawnSync(process.execPath, [main, 'eval', '--compare', ...args], {
      cwd,
      env: { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '', ...env },
      encoding: 'utf8',
    });
  const compared = compare('a', 'b', '--out', 'c', '--junit', 'results.xml', '--require', 'endings.acc < 0.5');
  assert.equal(compared.status, 4, compared.stderr);
  assert.match(compared.stdout, /^domain {2}endings {2}acc ↑ +20 +100\.0 +100\.0 /m);
  assert.match(compared.stderr, /endings: 0 documents of .* and 10 of .* are not in the other/);
  assert.match(compared.stderr, /have the same weights/);
  assert.ok(existsSync(join(cwd, 'c/scorecard.html')));
  assert.match(readFileSync(join(cwd, 'results.xml'), 'utf8'), /tests="3" failures="1" errors="0"/);

  const refused = (message: RegExp, ...args: string[]) => {
    const { status, stderr } = compare(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  };
  refused(/--compare names 1 evaluations, and two or more are compared\./, 'a');
  refused(/--judge-labels means nothing with --compare, which asks no model\./, 'a', 'b', '--judge-labels', 'x');
  assert.match(compare('a', 'none').stderr, /none holds no evaluation: there is no scorecard\.json\./);
  const unwritable = compare('a', 'b', '--out', 'd', '--junit', 'no/such/folder.xml');
  assert.equal(unwritable.status, 1);
  assert.match(unwritable.stderr, /no\/such\/folder\.xml cannot be written: /);
});

test('a task that the model cannot be asked ends in 1, and the rest is there', (t) => {
  const cwd = folderWithTask(t);
  writeFileSync(
    join(cwd, 'chat.eval.mjs'),
    `export default {
  name: 'talk', version: 1, axis: 'intent', about: 'Talk.', split: 'made', data: null,
  docs: () => [{ i: 1 }],
  request: () => ({ kind: 'generate', prompt: [{ role: 'user', content: 'hi' }], maxTokens: 4 }),
  metrics: { any: { kind: 'mean', about: 'any', higherIsBetter: true } },
  score: () => ({ values: { any: 1 } }),
};`,
  );
  const { code, out, err } = posttrain(
    cwd,
    stories,
    ...call,
    '--tasks',
    './chat.eval.mjs,./endings.eval.mjs',
    '--out',
    'o',
  );
  assert.equal(code, 1, err);
  assert.match(out, /^domain {2}endings {2}acc ↑ +30 +100\.0/m);
  assert.match(
    err,
    /talk was not run with stories260K: it gives no answers to messages: its folder has no chat template\./,
  );
});

test("a run's own forgetting report stands on the forgetting axis", (t) => {
  const cwd = folderWithTask(t);
  cpSync(stories, join(cwd, 'runs/a/checkpoints/step-1'), { recursive: true });
  writeFileSync(join(cwd, 'runs/a/resolved.json'), JSON.stringify({ data: { train: [] } }));
  const text = {
    name: 'neutral text',
    unit: 'number',
    ...{ before: 1.2, after: 1.5, verdict: 'regressed' },
    difference: { value: 0.3, interval: { low: 0.2, high: 0.4 } },
  };
  const report = { version: 1, status: 'measured', why: null, text, suite: null };
  writeFileSync(join(cwd, 'runs/a/forgetting.json'), JSON.stringify(report));
  const { code, err } = posttrain(cwd, 'runs/a/checkpoints/step-1', ...call, '--out', 'o');
  assert.equal(code, 0, err);
  assert.match(
    readFileSync(join(cwd, 'o/scorecard.md'), 'utf8'),
    /## Forgetting: the report of the run a\/step-1\n\n.+\n.+\n\| neutral text \| 1\.200 \| 1\.500 \| \+0\.3000 \[0\.2000, 0\.4000\] \| regressed \|/,
  );
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
  // The probes before ask for one token.
  const prompts = () =>
    server.requests.filter(({ body }) => body['max_tokens'] === 4).map(({ body }) => String(body['prompt']));
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
