import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lexicalSupport } from '../citations/support.ts';
import { named, type Reward, type Sample } from '../contract.ts';
import { agrees } from '../golden.test.fixture.ts';
import { answerReward, numberReward } from './answer.ts';
import { authorityReward, citationFormatGate, citationReward, copiedShare, copyGate } from './citation.ts';
import { constraintsReward, jsonGate } from './constraints.ts';
import { scoreSample } from './score-sample.ts';
import {
  abstentionThreshold,
  calibratedReward,
  calibrationReward,
  lengthPenalty,
  repetitionPenalty,
} from './shaping.ts';
import { abstentionReward, refusalReward } from './withholding.ts';

const context = { signal: new AbortController().signal };
const sample = <Row>(text: string, row: Row, tokens: readonly number[] = []): Sample<Row> => ({
  messages: [{ role: 'user', content: 'Where does Olo live?' }],
  text,
  tokens,
  finish: 'stop',
  row,
});
const value = async <Row>(reward: Reward<Row>, text: string, row: Row, tokens?: readonly number[]) =>
  (await scoreSample(reward, sample(text, row, tokens), context)).value;

test('answer: right 1, wrong −t/(1−t), abstained 0, candidates wrong, the outcome among the parts', async () => {
  const reward = answerReward<{ gold: string }>({ gold: (row) => row.gold, threshold: 0.75 });
  const row = { gold: 'Tarn' };
  assert.equal(await value(reward, 'the Tarn.', row), 1);
  assert.equal(await value(reward, 'Koril', row), -3);
  assert.equal(await value(reward, 'Tarn or Koril', row), -3);
  assert.equal(await value(reward, 'I do not know.', row), 0);
  const { parts, why } = await scoreSample(reward, sample('Tarn or Koril', row), context);
  assert.deepEqual(parts, { correct: 0, incorrect: 0, abstained: 0, unparseable: 1 });
  assert.equal(why, 'unparseable');
  assert.equal(await value(numberReward<string>({ gold: (gold) => gold }), 'so #### 72', '72'), 1);
});

test('abstention pays only where there is no answer, and is null for other texts', async () => {
  const reward = abstentionReward<boolean>({ answerable: (answerable) => answerable, threshold: 0.5 });
  assert.equal(await value(reward, 'I do not know.', false), 1);
  assert.equal(await value(reward, 'I do not know.', true), -1);
  assert.equal(await value(reward, 'Tarn', false), null);
});

test('refusal: both sides of a twin', async () => {
  const reward = refusalReward<'safe' | 'unsafe' | null>({ request: (kind) => kind, overRefusal: -0.5 });
  assert.equal(await value(reward, 'I cannot help with that.', 'unsafe'), 1);
  assert.equal(await value(reward, 'I cannot help with that.', 'safe'), -0.5);
  assert.equal(await value(reward, 'Stir it well.', 'unsafe'), -1);
  assert.equal(await value(reward, 'Stir it well.', 'safe'), 1);
  assert.equal(await value(reward, '', 'unsafe'), -1);
  const partly = 'I cannot tell you. However, here is a part of it.';
  assert.deepEqual([await value(reward, partly, 'unsafe'), await value(reward, partly, 'safe')], [0, -0.5]);
  assert.equal(await value(reward, 'Stir it well.', null), null);
});

const sources = ['Olo lives in Tarn.', 'Mara is a baker.'];

test('citation: F1 with its parts; null without sources', async () => {
  const reward = citationReward<readonly string[]>({ sources: (row) => row, support: lexicalSupport });
  const { value: f1, parts } = await scoreSample(reward, sample('Olo lives in Tarn [1][2].', sources), context);
  assert.ok(agrees(f1, 2 / 3));
  assert.deepEqual(parts, { recall: 1, coverage: 1, citations: 2, malformed: 0, precision: 0.5, validity: 1 });
  assert.equal(await value(reward, 'Olo [1].', []), null);
});

test('the format gate: something is cited, all of it exists, and inside the sentence', async () => {
  const gate = citationFormatGate<readonly string[]>((row) => row);
  const opens = (text: string) => value(gate, text, sources);
  assert.equal(await opens('Olo lives in Tarn [1].'), 1);
  assert.equal(await opens('Olo lives in Tarn.'), 0);
  assert.equal(await opens('Olo lives in Tarn [3].'), 0);
  assert.equal(await opens('Olo lives in Tarn [0].'), 0);
  assert.equal(await opens('Olo lives in Tarn. [1]'), 0);
  assert.equal(await opens('Olo lives in Tarn [1] [1-2].'), 0);
});

test('authority asks for support first', async () => {
  const reward = authorityReward<readonly string[]>({
    sources: (row) => row,
    support: lexicalSupport,
    ranks: () => [{ rank: 2 }, { rank: 1 }],
    conflicting: () => [1, 2],
  });
  const conflict = ['Olo lives in Koril.', 'Olo lives in Tarn.'];
  assert.equal(await value(reward, 'Olo lives in Tarn [2].', conflict), 1);
  assert.equal(await value(reward, 'Olo lives in Koril [1].', conflict), 0);
  assert.equal(await value(reward, 'Olo lives in Koril [2].', conflict), null);
});

test('copies are seen by their longest run', async () => {
  const source = 'one two three four five six seven eight nine ten';
  assert.equal(copiedShare(source, [source]), 1);
  assert.equal(copiedShare('x one two three four five six seven eight y', [source]), 0.8);
  assert.equal(copiedShare('one two three', [source]), 0, 'shorter than eight words');
  assert.equal(copiedShare('y two three four five six seven eight z', [source]), 0, 'a run of seven');
  assert.equal(copiedShare(source.replace('five', 'another'), [source]), 0, 'a run ends at a changed word');
  assert.equal(copiedShare('', [source]), 0);
  assert.equal(
    await value(
      copyGate<null>(() => [source]),
      source,
      null,
    ),
    0,
  );
});

test('constraints: the share of instructions followed', async () => {
  const reward = constraintsReward<null>(() => ({
    instruction_id_list: ['punctuation:no_comma', 'startend:quotation', 'language:response_language'],
    kwargs: [{}, {}, { language: 'fr' }],
  }));
  assert.equal(await value(reward, 'no quotes here', null), 0.5);
  assert.equal(
    await value(
      constraintsReward<null>(() => null),
      'x',
      null,
    ),
    null,
  );
});

test('JSON that is valid but empty stays shut', async () => {
  const gate = jsonGate<null>(['answer']);
  assert.equal(await value(gate, '{"answer": "Tarn"}', null), 1);
  assert.equal(await value(gate, '{"answer": 0}', null), 1);
  for (const text of ['{}', '{"answer": " "}', '{"answer": []}', '{"answer": null}', '[1]', 'Tarn', '{"toString": 1}'])
    assert.equal(await value(gate, text, null), 0, text);
});

test('length: 0 up to the margin, a line to −1, no further', async () => {
  const penalty = lengthPenalty<null>(100, 20);
  const of = (length: number) => value(penalty, '', null, Array(length).fill(1));
  for (const [length, expected] of [
    [0, 0],
    [80, 0],
    [90, -0.5],
    [100, -1],
    [500, -1],
  ] as const)
    assert.equal((await of(length)) ?? 1, expected, `${length} tokens`);
  assert.throws(() => lengthPenalty(10, 20), { message: 'a margin of 20 tokens does not fit a longest of 10.' });
});

test('repetition: one minus different over all n-grams', async () => {
  // 1 2 1 2 1: bigrams 12 21 12 21, two of four different.
  assert.equal(await value(repetitionPenalty<null>(2, 0.5), '', null, [1, 2, 1, 2, 1]), -0.25);
  assert.equal(await value(repetitionPenalty<null>(2), '', null, [1, 2, 3]), 0);
  assert.equal(await value(repetitionPenalty<null>(3), '', null, [1, 2]), 0);
  assert.throws(() => repetitionPenalty(2, -1), {
    message: 'a repetition penalty of at most -1 over 2-grams is undefined.',
  });
});

test('calibrated rewards of the golden answers', async () => {
  const golden: readonly [boolean, number, number][] = [
    [true, 0.9, 0.99],
    [false, 0.9, -0.81],
    [true, 0.5, 0.75],
    [false, 0.1, -0.01],
  ];
  for (const [correct, confidence, reward] of golden)
    assert.ok(agrees(calibratedReward(correct, confidence), reward, 9));
  const reward = calibrationReward<null>({
    outcome: () => 'correct',
    confidence: (text) => (text === '' ? null : Number(text)),
  });
  assert.ok(agrees(await value(reward, '0.9', null), 0.99, 9));
  assert.equal(await value(reward, '', null), -1);
  assert.equal(await value(reward, '90', null), -1);
});

test('abstaining pays below the accuracy that the rewards imply', () => {
  assert.ok(agrees(abstentionThreshold(-0.5, 0.1), 0.4, 9));
  assert.equal(abstentionThreshold(-3, 0), 0.75);
});

test('what is no score is an error that names the reward', async () => {
  const fails = async (score: unknown) => {
    const reward = named('cited', () => score as number);
    return scoreSample(reward, sample('x', null), context).then(
      () => 'no error',
      (error: Error) => error.message,
    );
  };
  assert.equal(await fails(Number.NaN), 'reward cited gave NaN.');
  assert.equal(await fails(Number.POSITIVE_INFINITY), 'reward cited gave Infinity.');
  assert.equal(await fails(undefined), 'reward cited gave undefined.');
  assert.equal(await fails('1'), 'reward cited gave "1".');
  assert.equal(
    await fails({ value: 1, parts: { recall: Number.NaN } }),
    'reward cited gave NaN for its part "recall".',
  );
  assert.equal(await fails({ value: Number.NaN }), 'reward cited gave NaN.');
  assert.equal(await fails({ score: 1 }), 'reward cited gave {"score":1}.');
  assert.equal(await fails(null), 'no error');
});

test('a reward that throws is named; an abort stays an abort', async () => {
  const broken = named('broken', (): number => {
    throw new Error('no such key');
  });
  await assert.rejects(scoreSample(broken, sample('x', null), context), {
    message: 'reward broken threw: no such key',
  });
  const aborted = { signal: AbortSignal.abort(new Error('stopped')) };
  await assert.rejects(scoreSample(broken, sample('x', null), aborted), { message: 'stopped' });
});
