import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { bytes, learned } from '../fixtures.test.support.ts';
import type { PrepareOptions } from '../prepare.ts';
import { Renderer } from '../renderer.ts';
import type { Pack } from '../types.ts';
import { prepareAnswers, preparePairs } from './prepare-feedback.ts';

const renderer = new Renderer(bytes);

function fileOf(t: TestContext, rows: readonly unknown[]): string {
  const path = join(temporaryFolder(t), 'pairs.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

type Given = Omit<PrepareOptions, 'sources' | 'renderer'> & { readonly path: string };

async function pairs({ path, ...options }: Given) {
  const { sources, validation, report } = await preparePairs({ ...options, renderer, sources: [{ path }] });
  return { packs: sources[0]!.rows, validation, report, source: report.sources[0]! };
}

test('both answers follow the same prompt, and only they bear loss', async (t) => {
  const path = fileOf(t, [
    {
      prompt: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'hello' },
        { role: 'user', content: '2+2?' },
      ],
      chosen: 'four',
      rejected: 'five',
      margin: 2,
    },
  ]);
  const { packs } = await pairs({ path, maxTokens: 512 });
  const [chosen, rejected] = packs[0]!;
  assert.ok(chosen && rejected);
  assert.deepEqual(chosen.judged, { kind: 'chosen', margin: 2 });
  assert.deepEqual(rejected.judged, { kind: 'rejected' });
  assert.match(learned(bytes, chosen), /^four/);
  assert.match(learned(bytes, rejected), /^five/);
  assert.ok(!learned(bytes, chosen).includes('hello'));
  const firstLoss = chosen.weights.findIndex((weight) => weight > 0);
  assert.deepEqual(chosen.tokens.slice(0, firstLoss), rejected.tokens.slice(0, firstLoss));
});

test('what gives no pair is counted, and mean lengths of both sides are told', async (t) => {
  const path = fileOf(t, [
    { prompt: 'a', chosen: 'yes yes yes', rejected: 'no' },
    { prompt: 'b', answers: ['x', 'y'], choice: 'tie' },
    { prompt: 'c', answer: 'alone', thumb: 'up' },
  ]);
  const { source } = await pairs({ path, maxTokens: 512 });
  const { ties, unused, betterTokens, worseTokens } = source.judgements!;
  assert.deepEqual([source.read, ties, unused, source.used], [3, 1, 1, 1]);
  assert.ok(betterTokens > worseTokens);
});

test('a prompt is held out with all its pairs', async (t) => {
  const rows = Array.from({ length: 60 }, (_, i) => [
    { prompt: `p${i}`, chosen: 'a', rejected: 'b' },
    { prompt: `p${i}`, chosen: 'c', rejected: 'd' },
  ]).flat();
  const path = fileOf(t, rows);
  const { packs, validation } = await pairs({ path, maxTokens: 512, validation: 0.3 });
  assert.equal(packs.length + validation.length, 120);
  assert.ok(validation.length > 0 && validation.length % 2 === 0, `${validation.length}`);
  const promptOf = ([chosen]: Pack) => (chosen!.origin.line - 1) >> 1;
  const held = new Set(validation.map(promptOf));
  assert.ok(packs.every((pack) => !held.has(promptOf(pack))));
});

test('too long: refused with the lengths, dropped whole, or cut at the start of the prompt', async (t) => {
  const long = 'very '.repeat(200);
  const path = fileOf(t, [
    { prompt: long, chosen: 'yes', rejected: 'no' },
    { prompt: 'short', chosen: 'yes', rejected: 'no' },
  ]);
  await assert.rejects(
    pairs({ path, maxTokens: 64 }),
    (error) =>
      PosttrainError.is(error) && error.code === 'data-overlong' && /2 of 4 rows are longer/.test(error.message),
  );
  const dropped = await pairs({ path, maxTokens: 64, overlong: 'drop' });
  assert.equal(dropped.packs.length, 1);
  assert.equal(dropped.source.dropped.count, 1);
  const cut = await pairs({ path, maxTokens: 64, overlong: 'truncateStart' });
  assert.equal(cut.packs.length, 2);
  assert.equal(cut.source.cut.count, 1);
  assert.ok(cut.packs.flat().every(({ tokens }) => tokens.length <= 64));
  assert.match(learned(bytes, cut.packs[0]![0]!), /^yes/);
});

test('nothing to train on says what there was', async (t) => {
  const path = fileOf(t, [{ prompt: 'b', answers: ['x', 'y'], choice: 'tie' }]);
  await assert.rejects(pairs({ path, maxTokens: 64 }), (error) => {
    return (
      PosttrainError.is(error) &&
      /nothing is left of .*: 1 judgements, 1 of them ties, 0 that give no pairs/.test(error.message)
    );
  });
});

test('an answer by itself has a label and a twin: its prompt with the answer before it in the file, in a circle', async (t) => {
  const path = fileOf(t, [
    { prompt: 'one', answer: 'red', thumb: 'up' },
    { prompt: 'two', answer: 'blue', thumb: 'down' },
    { prompt: 'two', answer: 'green', thumb: 'up' },
  ]);
  const { sources, report } = await prepareAnswers({ sources: [{ path }], renderer, maxTokens: 512 });
  const rows = sources[0]!.rows.map(([row]) => row!);
  assert.equal(report.sources[0]!.judgements!.as, 'answers');
  assert.deepEqual(
    rows.map(({ judged }) => judged?.kind === 'alone' && judged.desirable),
    [true, false, true],
  );
  const twins = rows.map(({ judged }) => judged!.mismatched!);
  // The third and the second share a prompt, so the third's twin has the answer of the first.
  assert.deepEqual(
    twins.map((twin) => learned(bytes, twin).slice(0, 3)),
    ['gre', 'red', 'red'],
  );
  const promptOf = ({ tokens, weights }: (typeof rows)[number]) =>
    tokens.slice(
      0,
      weights.findIndex((weight) => weight > 0),
    );
  for (const [i, row] of rows.entries()) assert.deepEqual(promptOf(twins[i]!), promptOf(row));
});

test('answers exchanged within blocks: each with the one before it in its block, in a circle', async (t) => {
  const answers = ['red', 'blue', 'green', 'white', 'black'];
  const path = fileOf(
    t,
    answers.map((answer) => ({ prompt: answer === 'blue' ? 'red' : answer, answer, thumb: 'up' })),
  );
  const { sources } = await prepareAnswers({ sources: [{ path }], renderer, maxTokens: 512 }, 3);
  const twins = sources[0]!.rows.map(([row]) => learned(bytes, row!.judged!.mismatched!).slice(0, 3));
  // The second has the answer of the first though they share a prompt; the last block has two.
  assert.deepEqual(twins, ['gre', 'red', 'blu', 'bla', 'whi']);
});
