import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../runs/index.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const model = fileURLToPath(new URL('../../../../golden/models/stories260K', import.meta.url));
const skip = existsSync(model) ? false : 'only in the repository';
let cwd = '';

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'posttrain-train-'));
  const texts = Array.from({ length: 24 }, (_, i) => `Once upon a time there was a dog. It had ${i} red balls.`);
  await writeFile(join(cwd, 'docs.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  await writeFile(
    join(cwd, 'docs.yaml'),
    `method: pretrain\nmodel: ${model}\ndata: { train: docs.jsonl, maxTokens: 64 }\nbatch: 2\nlr: 1e-3\nsteps: 6\nprecision: fp32\nthreads: 1\n`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };
  return spawn(process.execPath, [main, ...args], { cwd, env });
}

/** What a command wrote, and its exit code. `onText` sees standard output as it comes. */
async function finish(child: ChildProcessWithoutNullStreams, onText: (text: string) => void = () => {}) {
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onText(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

const eventsOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
const stepsOf = (out: string) => eventsOf(out).flatMap((event) => (event.type === 'step' ? [event.step] : []));

test('a run to its end: a curve, where the checkpoint is, and what next', { skip }, async () => {
  const { code, out, err } = await finish(start(['train', 'docs.yaml']));
  assert.equal(code, 0, err);
  assert.match(out, /┤.*[\u2801-\u28ff]/, 'the loss curve');
  assert.match(out, /^forgetting +not measured \(underpowered\): the run trains \d+ tokens; 5 % of its/m);
  assert.match(out, /^checkpoint +runs\/docs-1\/checkpoints\/step-6$/m);
  assert.match(out, /^next +posttrain chat runs\/docs-1$/m);
  assert.match(err, /^run folder runs\/docs-1$/m);
  assert.match(err, /pretrain 6\/6 ━+ · loss \d/);
  assert.ok(existsSync(join(cwd, 'runs/docs-1/checkpoints/step-6/config.json')));

  const again = await finish(start(['train', 'docs.yaml', '--dir', 'runs/docs-1']));
  assert.equal(again.code, 1);
  assert.match(again.err, /^error .*runs\/docs-1.* holds a run/m);

  const runs = JSON.parse((await finish(start(['runs', '--json']))).out) as {
    runs: { name: string; status: string; step: number }[];
  };
  assert.deepEqual(
    runs.runs.map(({ name, status, step }) => [name, status, step]),
    [['docs-1', 'finished', 6]],
  );
});

test('Ctrl-C writes a checkpoint and ends in 130; --resume goes on from it', { skip }, async () => {
  const child = start(['train', 'docs.yaml', 'steps=500', '--dir', 'runs/stopped', '--json']);
  let sent = false;
  const stopped = await finish(child, (text) => {
    if (!sent && text.includes('"type":"step"')) sent = child.kill('SIGINT');
  });
  assert.equal(stopped.code, 130, stopped.err);
  assert.match(stopped.err, /^warning writing a checkpoint; press Ctrl-C again to stop at once$/m);
  const done = stepsOf(stopped.out).at(-1)!;
  assert.ok(done < 500);
  assert.ok(existsSync(join(cwd, `runs/stopped/checkpoints/step-${done}`)));

  const resumed = start(['train', 'docs.yaml', 'steps=500', '--dir', 'runs/stopped', '--resume', '--json']);
  let ended = false;
  const rest = await finish(resumed, (text) => {
    if (!ended && text.includes('"type":"step"')) ended = resumed.kill('SIGTERM');
  });
  assert.equal(rest.code, 143, rest.err);
  assert.equal(stepsOf(rest.out)[0], done + 1);
});

test('prompts from a pipe are answered line by line, the same way for the same seed', { skip }, async () => {
  const ask = async () => {
    const child = start(['chat', model, '--raw', '--max-tokens', '8', '--seed', '3', '--json']);
    child.stdin.end('Once upon a time\n\nThe dog\n');
    return finish(child);
  };
  const [first, second] = [await ask(), await ask()];
  assert.equal(first.code, 0, first.err);
  assert.equal(first.out, second.out);
  const answers = first.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { prompt: string; tokens: number });
  assert.deepEqual(
    answers.map(({ prompt }) => prompt),
    ['Once upon a time', 'The dog'],
  );
});

test('a model without a chat template says how to talk to it all the same', { skip }, async () => {
  const child = start(['chat', model]);
  child.stdin.end('hello\n');
  const { code, out, err } = await finish(child);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(err, /no chat template/);
  assert.match(err, /--raw continues the prompt as plain text/);
});
