import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Comparison, preferencePairs, readFeedback } from '../data/index.ts';
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

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `count` pairs of a good and a poor answer, two principles, and what people chose: always the good one. */
function folderOf(t: TestContext, count: number, labelled = count) {
  const cwd = temporaryFolder(t);
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const pair = (i: number) => ({
    prompt: `question ${i}`,
    answers: i % 2 ? [`good ${i}`, `poor ${i}`] : [`poor ${i}`, `good ${i}`],
  });
  const numbers = Array.from({ length: Math.max(count, labelled) }, (_, i) => i);
  const chosen = numbers.map((i) => ({ ...pair(i), choice: i % 2 ? 'first' : 'second', annotator: 'ann' }));
  writeFileSync(join(cwd, 'pairs.jsonl'), lines(numbers.slice(0, count).map(pair)));
  writeFileSync(join(cwd, 'people.jsonl'), lines(chosen.slice(0, labelled)));
  writeFileSync(join(cwd, 'principles.md'), '## Kind\nBe kind.\n\n## True\nBe true.\n');
  const start = (...args: string[]) => spawn(process.execPath, [main, 'label', ...args], { cwd, env });
  const label = async (...args: string[]): Promise<Said> => {
    const child = start(...args);
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, out, err };
  };
  const byJudge = (url: string) => ['pairs.jsonl', '--judge', `${url}#wise`, '--principles', 'principles.md'];
  return { cwd, label, start, byJudge };
}

const better = (request: FakeRequest, which = 'good'): FakeAnswer =>
  says(`{"better": ${new RegExp(`Answer 1:\n<text>\n${which}`).test(askedQuestion(request)) ? 1 : 2}}`);

test('a judge labels pairs in both orders, is held to people, and its rows are comparisons by its name', async (t) => {
  const { cwd, label, byJudge } = folderOf(t, 60);
  const { url, requests } = await fakeEndpoint(t, (request) => better(request));
  const { code, out, err } = await label(...byJudge(url), '--judge-labels', 'people.jsonl', '--json');
  assert.equal(code, 0, err);
  assert.equal(requests.length, 120, 'pairs that people judged too are asked once');
  const asked = requests.filter((request) => askedQuestion(request).includes('question 7\n')).map(askedQuestion);
  assert.equal(asked.length, 2);
  assert.equal(asked.filter((text) => /Answer 1:\n<text>\ngood 7\n/.test(text)).length, 1);
  assert.match(asked[0]!, /Principle:\n<text>\n(Kind: Be kind\.|True: Be true\.)\n<\/text>/);

  const rows = (await readFeedback(join(cwd, 'pairs.judged.jsonl'))).rows as readonly Comparison[];
  assert.equal(rows.length, 60);
  for (const { chosen } of preferencePairs(rows).rows) assert.match(chosen[0]!.content, /^good/);
  assert.ok(rows.every(({ annotator, source }) => annotator === 'wise' && (source === 'kind' || source === 'true')));
  const facts = JSON.parse(out) as Record<string, Record<string, unknown>>;
  const { alpha, accuracy, n, unmeasured } = facts['agreement']!;
  assert.deepEqual([alpha, accuracy, n, unmeasured], [1, 1, 60, null]);
  assert.deepEqual([facts['decided'], facts['disagreed'], facts['position']!['flips']], [60, 0, 0]);

  const before = readFileSync(join(cwd, 'pairs.judged.jsonl'), 'utf8');
  const again = await label(...byJudge(url), '--judge-labels', 'people.jsonl');
  assert.equal(again.code, 0, again.err);
  assert.equal(requests.length, 120, 'nothing is asked twice');
  assert.equal(readFileSync(join(cwd, 'pairs.judged.jsonl'), 'utf8'), before);
  assert.match(again.out, /agreement +with people: Krippendorff’s α 1(\.0+)? \[.*\], on 60 pairs/);
  assert.match(again.out, /accuracy +100\.0 % \[94\.0 %, 100\.0 %\] of 60 pairs that both decided/);
});

test('below 50 labels, and without any, the judge is called unmeasured', async (t) => {
  const { label, byJudge } = folderOf(t, 4, 49);
  const { url } = await fakeEndpoint(t, (request) => better(request));
  const few = await label(...byJudge(url), '--judge-labels', 'people.jsonl');
  assert.match(
    few.out,
    /agreement +unmeasured: 49 pairs with a label by people and a verdict; 50 or more measure a judge/,
  );
  assert.doesNotMatch(few.out, /accuracy|α/);
  assert.match(few.err, /judge wise is unmeasured/);
  const none = await label(...byJudge(url), '--out', 'none.jsonl');
  assert.match(none.out, /agreement +unmeasured: no labels of people were given/);
  assert.match(none.err, /its preferences are unmeasured\. --judge-labels names some/);
});

test('pairs that hold one answer twice are not judged, and keys that nothing reads are named', async (t) => {
  const { cwd, label, byJudge } = folderOf(t, 2);
  const rows = [
    { prompt: 'question 0', answers: ['good 0', 'poor 0'], mood: 'calm' },
    { prompt: 'question 1', answers: ['good 1', 'good 1'] },
  ];
  writeFileSync(join(cwd, 'pairs.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { url, requests } = await fakeEndpoint(t, (request) => better(request));
  const { out, err } = await label(...byJudge(url));
  assert.equal(requests.length, 2);
  assert.match(out, /equal +1 pairs hold one answer twice and are not judged/);
  assert.match(err, /1 rows have a key "mood", which nothing reads/);
});

test('a judge with a favourite place is flagged: ties, or no rows at all', async (t) => {
  const { cwd, label, byJudge } = folderOf(t, 20);
  const { url } = await fakeEndpoint(t, () => says('{"better": 1}'));
  const tied = await label(...byJudge(url));
  assert.equal(tied.code, 0, tied.err);
  assert.match(tied.err, /judge wise judges by place: of 20 pairs it chose 20 times what stood first/);
  assert.match(
    tied.out,
    /first place +100\.0 % \[83\.9 %, 100\.0 %\] of the pairs that the place decided: a favourite place/,
  );
  const rows = (await readFeedback(join(cwd, 'pairs.judged.jsonl'))).rows as readonly Comparison[];
  assert.deepEqual([rows.length, rows.every(({ choice }) => choice === 'tie')], [20, true]);
  const dropped = await label(...byJudge(url), '--disagreement', 'drop', '--out', 'dropped.jsonl');
  assert.equal(dropped.code, 1);
  assert.match(dropped.err, /gave nothing to write/);
  assert.ok(!existsSync(join(cwd, 'dropped.jsonl')));
});

test('a judge that is down or incoherent scores nothing and says so; what failed is asked again', async (t) => {
  const { cwd, label, byJudge } = folderOf(t, 6);
  const down = await label(...byJudge(await nobodyThere()), '--out', 'down.jsonl');
  assert.equal(down.code, 1);
  assert.match(down.err, /gave no verdict on 6, which are in no row \(6 unreachable\).*cannot be reached/s);
  assert.ok(!existsSync(join(cwd, 'down.jsonl')));

  let sober = false;
  const { url } = await fakeEndpoint(t, (request) =>
    sober || !/question [012]\n/.test(askedQuestion(request)) ? better(request) : says('Both have merit.'),
  );
  const odd = await label(...byJudge(url));
  assert.equal(odd.code, 0, odd.err);
  assert.match(odd.err, /gave no verdict on 3, which are in no row \(3 unparseable\)/);
  assert.equal(readJsonl(join(cwd, 'pairs.judged.jsonl')).rows.length, 3);
  sober = true;
  assert.equal((await label(...byJudge(url))).code, 0);
  assert.equal(readJsonl(join(cwd, 'pairs.judged.jsonl')).rows.length, 6);
});

test('a model of this machine judges too: one that only tells stories gives no verdict, and nothing is written', async (t) => {
  const { cwd, label } = folderOf(t, 3);
  const args = ['--principles', 'principles.md', '--threads', '1'];
  const { code, err } = await label('pairs.jsonl', '--judge', goldenPath('models/babyllama-361-chat'), ...args);
  assert.equal(code, 1, err);
  assert.match(err, /judge babyllama-361-chat gave no verdict on 3, which are in no row \(3 unparseable\)/);
  assert.ok(!existsSync(join(cwd, 'pairs.judged.jsonl')));
});

test('a killed command goes on with what is left, and Ctrl-C leaves by its own code', async (t) => {
  const { cwd, label, start, byJudge } = folderOf(t, 40);
  const { url, requests } = await fakeEndpoint(t, (request) => ({ ...better(request), delay: 20 }));
  const record = join(cwd, 'pairs.judged.jsonl.verdicts.jsonl');
  const child = start(...byJudge(url));
  while (readJsonl(record).rows.length < 6) await sleep(5);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const killed = readJsonl(record).rows;
  assert.ok(killed.length < 41 && !existsSync(join(cwd, 'pairs.judged.jsonl')));

  const second = start(...byJudge(url));
  let err = '';
  second.stderr.on('data', (chunk: Buffer) => (err += String(chunk)));
  while (readJsonl(record).rows.length < killed.length + 4) await sleep(5);
  second.kill('SIGINT');
  assert.equal(await new Promise((resolve) => second.once('close', resolve)), 130);
  assert.match(err, /Stopped\. The same command goes on with the pairs that are left\./);

  const stopped = readJsonl(record).rows;
  const before = requests.length;
  const third = await label(...byJudge(url));
  assert.equal(third.code, 0, third.err);
  assert.equal(requests.length - before, 2 * (41 - stopped.length), 'only what was left is asked');
  assert.deepEqual(readJsonl(record).rows.slice(0, stopped.length), stopped);
  assert.equal((await label(...byJudge(url), '--out', 'whole.jsonl')).code, 0);
  assert.equal(readFileSync(join(cwd, 'pairs.judged.jsonl'), 'utf8'), readFileSync(join(cwd, 'whole.jsonl'), 'utf8'));
});

test('what is wrong is said before the judge is asked, and what people wrote is not replaced', async (t) => {
  const { cwd, label, byJudge } = folderOf(t, 3);
  const { url, requests } = await fakeEndpoint(t, (request) => better(request));
  const said = async (...args: string[]) => {
    const { code, err } = await label(...args);
    assert.equal(code, 2, err);
    return err;
  };
  assert.match(await said('pairs.jsonl', '--judge', `${url}#wise`), /--judge needs --principles/);
  assert.match(
    await said('pairs.jsonl', '--principles', 'principles.md'),
    /--principles is for a judge; --judge names one/,
  );
  assert.match(await said(...byJudge(url), '--disagreement', 'first'), /--disagreement is tie or drop, not "first"/);
  const people = readFileSync(join(cwd, 'people.jsonl'), 'utf8');
  assert.match(await said(...byJudge(url), '--out', 'people.jsonl'), /people\.jsonl is there, and no judge wrote it/);
  assert.equal(readFileSync(join(cwd, 'people.jsonl'), 'utf8'), people);
  assert.match(await said(...byJudge(url), '--out', 'pairs.jsonl'), /--out is a file that is read/);
  assert.equal(requests.length, 0);
  assert.equal((await label(...byJudge(url))).code, 0);
  assert.match(
    await said(...byJudge(url), '--seed', '2'),
    /holds answers that were drawn otherwise: seed was 1, now 2/,
  );
  writeFileSync(join(cwd, 'principles.md'), '## Kind\nBe kind.\n\n### True\nBe true.\n');
  const { code, err } = await label(...byJudge(url), '--out', 'other.jsonl');
  assert.equal(code, 1);
  assert.match(err, /principles\.md:4: the heading "True" has 3 marks/);
});
