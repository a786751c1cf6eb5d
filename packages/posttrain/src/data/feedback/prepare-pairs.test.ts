import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PosttrainError } from '../../support/errors.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { bytes, learned } from '../fixtures.test.support.ts';
import { Renderer } from '../renderer.ts';
import { preparePairs } from './prepare-pairs.ts';

const renderer = new Renderer(bytes);

function fileOf(t: TestContext, rows: readonly unknown[]): string {
  const path = join(temporaryFolder(t), 'pairs.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
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
  const { pairs } = await preparePairs({ path, renderer, maxTokens: 512 });
  const [{ chosen, rejected, margin }] = pairs as [(typeof pairs)[number]];
  assert.equal(margin, 2);
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
  const { report } = await preparePairs({ path, renderer, maxTokens: 512 });
  const { read, ties, unused, used } = report;
  assert.deepEqual({ read, ties, unused, used }, { read: 3, ties: 1, unused: 1, used: 1 });
  assert.ok(report.chosenTokens > report.rejectedTokens);
});

test('a prompt is held out with all its pairs', async (t) => {
  const rows = Array.from({ length: 60 }, (_, i) => [
    { prompt: `p${i}`, chosen: 'a', rejected: 'b' },
    { prompt: `p${i}`, chosen: 'c', rejected: 'd' },
  ]).flat();
  const path = fileOf(t, rows);
  const { pairs, validation } = await preparePairs({ path, renderer, maxTokens: 512, validation: 0.3 });
  assert.equal(pairs.length + validation.length, 120);
  assert.ok(validation.length > 0 && validation.length % 2 === 0, `${validation.length}`);
  const lines = new Set(validation.map(({ chosen }) => (chosen.origin.line - 1) >> 1));
  assert.ok(pairs.every(({ chosen }) => !lines.has((chosen.origin.line - 1) >> 1)));
});

test('too long: refused with the lengths, dropped whole, or cut at the start of the prompt', async (t) => {
  const long = 'very '.repeat(200);
  const path = fileOf(t, [
    { prompt: long, chosen: 'yes', rejected: 'no' },
    { prompt: 'short', chosen: 'yes', rejected: 'no' },
  ]);
  await assert.rejects(
    preparePairs({ path, renderer, maxTokens: 64 }),
    (error) =>
      PosttrainError.is(error) && error.code === 'data-overlong' && /2 of 4 rows are longer/.test(error.message),
  );
  const dropped = await preparePairs({ path, renderer, maxTokens: 64, overlong: 'drop' });
  assert.equal(dropped.pairs.length, 1);
  assert.equal(dropped.report.dropped.count, 1);
  const cut = await preparePairs({ path, renderer, maxTokens: 64, overlong: 'truncateStart' });
  assert.equal(cut.pairs.length, 2);
  assert.equal(cut.report.cut.count, 1);
  assert.ok(cut.pairs.every(({ chosen, rejected }) => chosen.tokens.length <= 64 && rejected.tokens.length <= 64));
  assert.match(learned(bytes, cut.pairs[0]!.chosen), /^yes/);
});

test('nothing to train on says what there was', async (t) => {
  const path = fileOf(t, [{ prompt: 'b', answers: ['x', 'y'], choice: 'tie' }]);
  await assert.rejects(preparePairs({ path, renderer, maxTokens: 64 }), (error) => {
    return (
      PosttrainError.is(error) &&
      /nothing is left of .*: 1 judgements, 1 of them ties, 0 without a pair/.test(error.message)
    );
  });
});
