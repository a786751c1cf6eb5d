import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Comparison, labelledAnswers, preferencePairs, readFeedback } from '../data/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const env = { ...process.env, CI: '1', NO_COLOR: '1', FORCE_COLOR: '', TZ: 'UTC' };

/** `count` prompts, each with a better and a worse answer. */
function folderOf(t: TestContext, count: number): { cwd: string; label: (keys: string, ...args: string[]) => Said } {
  const cwd = temporaryFolder(t);
  const rows = Array.from({ length: count }, (_, i) => ({
    prompt: `question ${i}`,
    answers: [`good ${i}`, `poor ${i}`],
  }));
  writeFileSync(join(cwd, 'pairs.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const label = (keys: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'label', 'pairs.jsonl', ...args], {
      cwd,
      env,
      input: keys,
      encoding: 'utf8',
    });
    return { code: status, out: stdout, err: stderr };
  };
  return { cwd, label };
}

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const choicesIn = async (file: string) => (await readFeedback(file)).rows as readonly Comparison[];
const winner = ({ answers, choice }: Comparison) =>
  choice === 'tie' ? 'tie' : answers[choice === 'first' ? 0 : 1][0]!.content;
const shownFirst = (err: string) =>
  [...err.matchAll(/^(good|poor) (\d+) +│ /gm)].map(([, quality, i]) => `${quality} ${i}`);

test('sixty pairs with ties, undo, a kill in the middle and going on: every pair once, in the order shown', async (t) => {
  const { cwd, label } = folderOf(t, 60);
  const file = join(cwd, 'pairs.labels.jsonl');

  // Ten choices, of which the last is undone and made again otherwise; then the process is killed while it waits for a key.
  const child = spawn(process.execPath, [main, 'label', 'pairs.jsonl', '--annotator', 'ann'], { cwd, env });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += String(chunk);
  });
  child.stdin.write('1212t1212\n2u1');
  // Ten are done twice: before the last is undone, and after it is made again.
  while (err.split('10 of 60 done').length < 3) await sleep(20);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const before = await choicesIn(file);
  assert.deepEqual(
    before.map(({ choice }) => choice),
    [...'1212t12121'].map((key) => ({ 1: 'first', 2: 'second', t: 'tie' })[key]),
  );

  const { code, err: rest, out } = label(`s${'1'.repeat(50)}`, '--annotator', 'ann', '--json');
  assert.equal(code, 0, rest);
  const rows = await choicesIn(file);
  assert.deepEqual(rows.slice(0, 10), before, 'what was there is as it was');
  assert.equal(new Set(rows.map(({ prompt }) => prompt[0]!.content)).size, 60);
  assert.equal(rows.length, 60);
  // The first pair of the second session was put off: it comes last.
  const shown = shownFirst(rest);
  assert.equal(rows.at(-1)!.answers[0][0]!.content, shown[0]);
  assert.ok(rows.every(({ annotator, time }) => annotator === 'ann' && time !== undefined));

  const facts = JSON.parse(out) as Record<string, number>;
  assert.deepEqual([facts['judgements'], facts['pairs'], facts['ties'], facts['preferencePairs']], [60, 60, 1, 59]);
  assert.equal(preferencePairs(rows).rows.length, 59);
  assert.equal(labelledAnswers(rows).rows.length, 118);
});

test('sides are drawn for each person and pair: neither answer always stands first, and another person sees other sides', (t) => {
  const { label } = folderOf(t, 40);
  const ann = shownFirst(label('1'.repeat(40), '--annotator', 'ann', '--out', 'a.jsonl').err);
  const again = shownFirst(label('1'.repeat(40), '--annotator', 'ann', '--out', 'again.jsonl').err);
  const bob = shownFirst(label('1'.repeat(40), '--annotator', 'bob', '--out', 'b.jsonl').err);
  assert.equal(ann.length, 40);
  assert.deepEqual(again, ann);
  assert.notDeepEqual(bob, ann);
  const good = ann.filter((text) => text.startsWith('good')).length;
  assert.ok(good > 8 && good < 32, `${good} of 40`);
});

test('whoever always presses 1 is told, and by name; a shared file keeps both people’s choices', async (t) => {
  const { cwd, label } = folderOf(t, 40);
  label('1'.repeat(40), '--annotator', 'hasty', '--out', 'all.jsonl');
  const { out } = label('12'.repeat(20), '--annotator', 'calm', '--out', 'all.jsonl');
  assert.match(
    out,
    /hasty +40 judgements · chose by place: chosen in 100\.0 % \[91\.2 %, 100\.0 %\] of 40: the place decides, not the text alone/,
  );
  assert.match(out, /calm +40 judgements$/m);
  assert.equal((await choicesIn(join(cwd, 'all.jsonl'))).length, 80);
  assert.match(out, /agreement +Krippendorff’s α/);
});

test('undo takes back one’s own last choice, not another person’s', async (t) => {
  const { cwd, label } = folderOf(t, 4);
  label('11', '--annotator', 'ann', '--out', 'all.jsonl');
  label('1111', '--annotator', 'bob', '--out', 'all.jsonl');
  label('uuu1q', '--annotator', 'ann', '--out', 'all.jsonl');
  const rows = await choicesIn(join(cwd, 'all.jsonl'));
  assert.deepEqual(
    rows.map(({ annotator }) => annotator),
    ['bob', 'bob', 'bob', 'bob', 'ann'],
  );
});

test('a file with something else in it is left as it is', (t) => {
  const { cwd, label } = folderOf(t, 2);
  writeFileSync(join(cwd, 'notes.jsonl'), '{"text":"mine"}\n');
  const { code, err } = label('1', '--out', 'notes.jsonl');
  assert.equal(code, 1);
  assert.match(err, /notes\.jsonl:1 is no choice between two answers, so labels cannot be added to it/);
  assert.equal(readFileSync(join(cwd, 'notes.jsonl'), 'utf8'), '{"text":"mine"}\n');
  assert.equal(label('1', '--out', 'pairs.jsonl').code, 2);
});

test('a right choice follows the answer, whichever side it stands on', async (t) => {
  const { cwd, label } = folderOf(t, 12);
  // First look at the sides without choosing, then press the key of the good answer each time.
  const sides: string[] = [];
  let keys = '';
  for (let i = 0; i < 12; i++) {
    sides.push(shownFirst(label(`${keys}q`, '--annotator', 'ann', '--out', `look-${i}.jsonl`).err).at(-1)!);
    keys += sides.at(-1)!.startsWith('good') ? '1' : '2';
  }
  label(keys, '--annotator', 'ann', '--out', 'final.jsonl');
  const rows = await choicesIn(join(cwd, 'final.jsonl'));
  assert.ok(
    rows.every((row) => winner(row).startsWith('good')),
    rows.map(winner).join(),
  );
});

test('a line that a full disk cut off is no choice: it goes, and every other line stays', async (t) => {
  const { cwd, label } = folderOf(t, 4);
  const file = join(cwd, 'all.jsonl');
  label('1t', '--annotator', 'ann', '--out', 'all.jsonl');
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, `${before}{"prompt":[{"role":"us`);
  assert.equal(label('11', '--annotator', 'ann', '--out', 'all.jsonl').code, 0);
  assert.ok(readFileSync(file, 'utf8').startsWith(before));
  assert.equal((await choicesIn(file)).length, 4);
});

test('a line that is no JSON is named by its number, blank lines counted, and nothing is changed', (t) => {
  const { cwd, label } = folderOf(t, 2);
  const file = join(cwd, 'all.jsonl');
  label('1', '--annotator', 'ann', '--out', 'all.jsonl');
  const text = `${readFileSync(file, 'utf8')}\nnot json\n`;
  writeFileSync(file, text);
  const { code, err } = label('u', '--annotator', 'ann', '--out', 'all.jsonl');
  assert.equal(code, 1);
  assert.match(err, /all\.jsonl:3 is no choice between two answers/);
  assert.equal(readFileSync(file, 'utf8'), text);
});
