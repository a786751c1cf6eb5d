import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StudyEvent, StudyRow } from '../study/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { forest } from './study-report.ts';

/** A study of the embedded model, small enough to be killed a few times: a sweep of two rates, two seeds, and a control. */

const main = fileURLToPath(new URL('./main.js', import.meta.url));

const task = (name: string, count: number) => `{
  name: '${name}', version: 1, axis: 'factuality', about: 'Which end is likelier.', split: 'made', data: null,
  docs: () => Array.from({ length: ${count} }, (_, i) => ({ i })),
  request: ({ i }) => ({ kind: 'loglikelihood', context: 'vikas town ' + 'tizu '.repeat(i % 5), continuations: [' tizu', ' .'] }),
  metrics: { tizu: { kind: 'mean', about: 'tizu', higherIsBetter: true, unit: 'share', chance: 0.5 } },
  score: (_doc, { choices: [a, b] }) => ({ values: { tizu: Number(a.logp > b.logp) } }),
}`;

function scene(t: TestContext): string {
  const cwd = temporaryFolder(t);
  const rows = Array.from({ length: 12 }, (_, i) =>
    JSON.stringify({
      messages: [
        { role: 'user', content: `what is vikas town ${i} ?` },
        { role: 'assistant', content: 'vikas town tizu .' },
      ],
    }),
  );
  writeFileSync(join(cwd, 'rows.jsonl'), rows.map((row) => `${row}\n`).join(''));
  writeFileSync(
    join(cwd, 'sft.yaml'),
    'method: sft\nmodel: pocket\ndata: { train: rows.jsonl }\nbatch: 2\nsteps: 6\nlr: [1e-3, 1e-2]\nprecision: fp32\nthreads: 1\nevery: { checkpoint: 2 }\n',
  );
  writeFileSync(join(cwd, 'ends.eval.mjs'), `export default [${task('test', 20)}];`);
  writeFileSync(join(cwd, 'dev.eval.mjs'), `export default ${task('dev', 10)};`);
  writeFileSync(
    join(cwd, 'rates.yaml'),
    [
      'version: 1',
      'arms:',
      '  base: { model: pocket }',
      '  sft: ./sft.yaml',
      'seeds: [1, 2]',
      'choose: { tasks: [./dev.eval.mjs] }',
      'evaluate: { tasks: [./ends.eval.mjs] }',
      '',
    ].join('\n'),
  );
  return cwd;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end; `onText` sees standard output as it comes, with a way to signal it. */
async function posttrain(
  cwd: string,
  args: readonly string[],
  onText: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '', ...more };
  const child = spawn(process.execPath, [main, 'study', ...args], { cwd, env });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onText(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

const eventsOf = (out: string) =>
  out
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as StudyEvent);

test('--dry-run prints the plan, loads no libtorch and makes nothing; mistakes end in 2', async (t) => {
  const cwd = scene(t);
  const noTorch = { POSTTRAIN_ADDON: '/nonexistent', POSTTRAIN_TORCH: '/nonexistent' };
  const before = readdirSync(cwd);
  const { code, out, err } = await posttrain(cwd, ['rates.yaml', '--dry-run'], undefined, noTorch);
  assert.equal(code, 0, err);
  assert.match(out, /^base \(baseline\) +pocket, as it is +– +–$/m);
  assert.match(out, /^sft +sft of pocket +lr: 0\.001, 0\.01 +2 +12 sequences$/m);
  assert.match(out, /^training runs +3$/m);
  assert.match(out, /^chosen by +dev\.tizu, on seed 1$/m);
  assert.match(out, /^folder +studies\/rates$/m);
  assert.deepEqual(readdirSync(cwd), before);
  const json = await posttrain(cwd, ['rates.yaml', '--dry-run', '--json'], undefined, noTorch);
  const plan = JSON.parse(json.out) as { runs: number; arms: { points: { recipe: { lr: number } }[] }[] };
  assert.deepEqual([plan.runs, plan.arms[1]!.points.map(({ recipe }) => recipe.lr)], [3, [1e-3, 1e-2]]);
  writeFileSync(join(cwd, 'wrong.yaml'), 'arms: { base: { model: pocket } }\nevalaute: { tasks: [gsm8k] }\n');
  const wrong = await posttrain(cwd, ['wrong.yaml'], undefined, noTorch);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^ {2}2:1 unknown key "evalaute"\.\n {4}help: did you mean evaluate\?$/m);
});

test('Ctrl-C and SIGKILL in a run and in an evaluation: the same command goes on, and the result is that of an undisturbed study', async (t) => {
  const cwd = scene(t);
  // Undisturbed.
  const whole = await posttrain(cwd, ['rates.yaml', '--threads', '1', '--dir', 'whole']);
  assert.equal(whole.code, 0, whole.err);
  assert.match(whole.out, /^This is not a claim about methods by the rule:\n- each arm has 2 training seeds/);
  assert.match(whole.out, /^test +tizu ↑ +20 +\d+\.\d +\d+\.\d ± \d+\.\d$/m);
  assert.match(whole.out, /^sft +test +tizu ↑ +.*inconclusive$/m);
  assert.match(whole.out, /^report {2}whole\/report\.html$/m);
  assert.match(whole.err, /^run 1\/3: sft\/lr=0\.001\/seed-1$/m);
  for (const name of [
    'rates.yaml',
    'study.yaml',
    'plan.json',
    'choice.json',
    'reads.jsonl',
    'report.md',
    'report.html',
  ])
    assert.equal(existsSync(join(cwd, 'whole', name)), name !== 'rates.yaml', name);

  const args = ['rates.yaml', '--threads', '1', '--dir', 'broken', '--json'];
  // Once by Ctrl-C in the first run …
  let sent = false;
  const stopped = await posttrain(cwd, args, (text, kill) => {
    if (sent || !text.includes('"type":"step"')) return;
    sent = true;
    kill('SIGINT');
  });
  assert.equal(stopped.code, 130, stopped.err);
  assert.match(stopped.err, /^warning stopping after a checkpoint; press Ctrl-C again to stop at once$/m);
  assert.match(stopped.err, /^Stopped\. The same command goes on: posttrain study rates\.yaml --dir broken$/m);
  assert.ok(readdirSync(join(cwd, 'broken/runs/sft/lr=0.001/seed-1/checkpoints')).length > 0);
  // … once by SIGKILL in the second, and once while a model answers.
  const killed = async (when: RegExp) => {
    let done = false;
    const ended = await posttrain(cwd, args, (text, kill) => {
      if (done || !when.test(text)) return;
      done = true;
      kill('SIGKILL');
    });
    assert.ok(done, `${when}: ${ended.err}`);
    return eventsOf(ended.out);
  };
  const second = await killed(/"type":"step"[^\n]*lr=0\.01/);
  const resumed = second.flatMap((event) =>
    event.type === 'training' && event.event.type === 'resume' ? [event.run.id] : [],
  );
  assert.deepEqual(resumed, ['sft/lr=0.001/seed-1']);
  await killed(/"phase":"compare"[^\n]*"type":"task"/);
  const last = await posttrain(cwd, args);
  assert.equal(last.code, 0, last.err);
  const finish = eventsOf(last.out).at(-1)!;
  assert.equal(finish.type, 'finish');

  const read = (folder: string, name: string) => readFileSync(join(cwd, folder, name), 'utf8');
  for (const name of ['plan.json', 'choice.json', 'result.json', 'report.md', 'report.html'])
    assert.equal(read('broken', name), read('whole', name), name);
  const reads = readFileSync(join(cwd, 'broken/reads.jsonl'), 'utf8').trim().split('\n');
  assert.deepEqual(
    reads.map((line) => (JSON.parse(line) as { event: string }).event),
    ['begin', 'resume', 'complete'],
  );
});

test('the text of a row is its interval around no change', () => {
  const made = (value: number, low: number, high: number) =>
    ({ unit: 'share', ideal: null, distance: null, difference: { value, interval: { low, high } } }) as StudyRow;
  const rows = [made(0.1, 0, 0.2), made(-0.1, -0.12, -0.08)];
  const plot = forest(rows);
  assert.deepEqual(rows.map(plot), ['          ┼────●─────', '    ─●─   ┊']);
});
