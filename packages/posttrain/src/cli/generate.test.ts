import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Comparison, readFeedback } from '../data/index.ts';
import { loadRewardModel } from '../index.ts';
import { readJsonl } from '../runs/index.ts';
import { drawnRewardModel } from '../testing/drawn-reward-model.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const languageModel = fileURLToPath(new URL('../../assets/pocket/base', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '' };

/** Prompts with a number each, and a reward that counts how often the answer says its letter. */
function folderOf(t: TestContext, count: number) {
  const cwd = temporaryFolder(t);
  const rows = Array.from({ length: count }, (_, i) => ({
    prompt: `question : what is nobody${i} town ?`,
    letter: 'a',
  }));
  writeFileSync(join(cwd, 'prompts.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(
    join(cwd, 'rewards.mjs'),
    `export const letters = ({ text, row }) => text.split(row.letter).length - 1;
export default () => null;
export const word = 'no function';
`,
  );
  const generate = (...args: string[]) => {
    const words = [main, 'generate', 'pocket', 'prompts.jsonl', '--threads', '1', '--max-tokens', '8', ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd, env, encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  const rowsOf = (name: string) => readJsonl(join(cwd, name)).rows;
  return { cwd, generate, rowsOf };
}

test('best of n: the answer of the highest score, the same again, and not another for what stands beside it', (t) => {
  const { cwd, generate, rowsOf } = folderOf(t, 4);
  const best = ['--n', '6', '--keep', 'best', '--reward', './rewards.mjs#letters'];
  const { code, err, out } = generate('--out', 'best.jsonl', ...best, '--json');
  assert.equal(code, 0, err);
  const facts = JSON.parse(out) as Record<string, number>;
  assert.deepEqual([facts['prompts'], facts['answers'], facts['rows']], [4, 24, 4]);
  const samples = rowsOf('best.jsonl.samples.jsonl').slice(1) as { answers: { text: string; score: number }[] }[];
  const kept = rowsOf('best.jsonl') as { messages: { role: string; content: string }[] }[];
  for (const [i, { answers }] of samples.entries()) {
    for (const { text, score } of answers) assert.equal(score, text.split('a').length - 1);
    const most = Math.max(...answers.map(({ score }) => score));
    assert.equal(kept[i]!.messages.at(-1)!.content, answers.find(({ score }) => score === most)!.text);
  }
  assert.ok(facts['meanBest']! > facts['meanScore']!);

  assert.equal(generate('--out', 'again.jsonl', ...best).code, 0);
  assert.equal(readFileSync(join(cwd, 'again.jsonl'), 'utf8'), readFileSync(join(cwd, 'best.jsonl'), 'utf8'));
  const lines = readFileSync(join(cwd, 'prompts.jsonl'), 'utf8').split('\n');
  writeFileSync(join(cwd, 'prompts.jsonl'), `${lines[2]}\n`);
  assert.equal(generate('--out', 'alone.jsonl', ...best).code, 0);
  assert.deepEqual(rowsOf('alone.jsonl')[0], kept[2]);
});

test('rejection: prompts without an answer that scores enough give nothing, and are counted', (t) => {
  const { generate, rowsOf } = folderOf(t, 3);
  const { out } = generate(
    '--out',
    'x.jsonl',
    '--n',
    '2',
    '--keep',
    'best',
    '--reward',
    './rewards.mjs#letters',
    '--min-score',
    '1000',
  );
  assert.equal(rowsOf('x.jsonl').length, 0);
  assert.match(out, /without +3 prompts of which nothing is kept/);
});

test('pairs with a reward are comparisons, without one they wait for a label', async (t) => {
  const { cwd, generate, rowsOf } = folderOf(t, 5);
  assert.equal(
    generate('--out', 'pairs.jsonl', '--n', '4', '--keep', 'pairs', '--reward', './rewards.mjs#letters').code,
    0,
  );
  const { rows } = await readFeedback(join(cwd, 'pairs.jsonl'));
  for (const { answers, margin } of rows as Comparison[]) {
    const count = (i: 0 | 1) => answers[i][0]!.content.split('a').length - 1;
    assert.equal(count(0) - count(1), margin);
    assert.ok(margin! > 0);
  }
  assert.equal(generate('--out', 'label.jsonl', '--n', '2', '--keep', 'pairs').code, 0);
  for (const row of rowsOf('label.jsonl')) assert.equal((row['answers'] as string[]).length, 2);
});

test('a killed command goes on: what was drawn is kept, and the result is that of one uninterrupted', async (t) => {
  const { cwd, generate, rowsOf } = folderOf(t, 60);
  const args = ['--n', '8', '--keep', 'all', '--reward', './rewards.mjs#letters'];
  const record = join(cwd, 'cut.jsonl.samples.jsonl');
  const words = [
    main,
    'generate',
    'pocket',
    'prompts.jsonl',
    '--threads',
    '1',
    '--max-tokens',
    '8',
    '--out',
    'cut.jsonl',
    ...args,
  ];
  const child = spawn(process.execPath, words, { cwd, env, stdio: 'ignore' });
  while (!existsSync(record) || readJsonl(record).rows.length < 5) await sleep(10);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const before = readJsonl(record).rows;
  assert.ok(before.length < 61 && !existsSync(join(cwd, 'cut.jsonl')), `${before.length}`);
  assert.equal(generate('--out', 'cut.jsonl', ...args).code, 0);
  assert.deepEqual(rowsOf('cut.jsonl.samples.jsonl').slice(0, before.length), before);
  assert.equal(generate('--out', 'whole.jsonl', ...args).code, 0);
  assert.deepEqual(rowsOf('cut.jsonl'), rowsOf('whole.jsonl'));
  assert.equal(rowsOf('whole.jsonl').length, 480);
});

test('what is wrong is said before anything is drawn', (t) => {
  const { cwd, generate } = folderOf(t, 2);
  const said = (...args: string[]) => generate('--out', 'x.jsonl', ...args).err;
  assert.match(said('--keep', 'best'), /--keep best needs --reward/);
  assert.match(said('--keep', 'pairs'), /--keep pairs needs --n of 2 or more, not 1/);
  assert.match(said('--keep', 'worst'), /--keep is all, best or pairs, not "worst"/);
  assert.match(
    said('--reward', './rewards.mjs#leters'),
    /exports no function leters\.[\s\S]*it exports default, letters/,
  );
  assert.match(said('--reward', './nothing.mjs'), /There is no file nothing\.mjs/);
  assert.ok(!existsSync(join(cwd, 'x.jsonl.samples.jsonl')));
  assert.equal(generate('--out', 'x.jsonl', '--seed', '1').code, 0);
  assert.match(said('--seed', '2'), /holds answers that were drawn otherwise: seed was 1, now 2/);
});

test('best of n by a reward model: its folder stands where a function may, and the kept answer is its first choice', async (t) => {
  const { cwd, generate, rowsOf } = folderOf(t, 3);
  const folder = drawnRewardModel(cwd);
  const best = ['--n', '5', '--keep', 'best', '--reward', './reward'];
  const { code, err } = generate('--out', 'best.jsonl', ...best);
  assert.equal(code, 0, err);
  const kept = rowsOf('best.jsonl') as { messages: { role: 'user' | 'assistant'; content: string }[] }[];
  const samples = rowsOf('best.jsonl.samples.jsonl').slice(1) as { answers: { text: string; score: number }[] }[];
  await using judge = await loadRewardModel(folder, { precision: 'fp32', threads: 1 });
  for (const [i, { answers }] of samples.entries()) {
    const question = kept[i]!.messages[0]!;
    const scores = await judge.score(answers.map(({ text }) => [question, { role: 'assistant', content: text }]));
    for (const [k, { score }] of answers.entries()) assert.ok(Math.abs(score - scores[k]!) < 1e-5);
    const most = Math.max(...answers.map(({ score }) => score));
    assert.equal(kept[i]!.messages.at(-1)!.content, answers.find(({ score }) => score === most)!.text);
  }

  // The same words with other weights behind them are another reward.
  const weights = join(folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(weights, bytes);
  const changed = generate('--out', 'best.jsonl', ...best);
  assert.equal(changed.code, 2);
  assert.match(changed.err, /were drawn otherwise: rewardWeights was/);

  const wrong = generate('--out', 'wrong.jsonl', '--n', '2', '--keep', 'best', '--reward', languageModel);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.err, /holds a language model; it has no head that scores/);
  assert.equal(existsSync(join(cwd, 'wrong.jsonl.samples.jsonl')), false, 'found before anything is drawn');
});
