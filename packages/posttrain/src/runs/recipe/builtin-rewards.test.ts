import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreSample } from '../../scoring/index.ts';
import { builtInRewards } from './builtin-rewards.ts';
import type { RewardOptions } from './recipe.generated.ts';
import { loadReward } from './rewards.ts';

type Row = Readonly<Record<string, unknown>>;

const idk = 'I do not know.';
const sources = ['The river Keten was first bridged in 1724.', { text: 'Mara has been a baker in Tarn for years.' }];

/** Each built-in: options, row, text, and the score by hand. */
const cases: readonly (readonly [use: string, options: RewardOptions, row: Row, text: string, score: number | null])[] =
  [
    ['exact', {}, { answer: 'red' }, 'Red.', 1],
    ['exact', {}, { answer: ['blue', 'red'] }, 'red', 1],
    ['exact', {}, { answer: 4 }, '4', 1],
    ['exact', {}, { answer: 'red' }, 'blue', 0],
    ['exact', { threshold: 0.5 }, { answer: 'red' }, 'blue', -1],
    ['exact', { threshold: 0.75 }, { answer: 'red' }, 'blue', -3],
    ['exact', { threshold: 0.75 }, { answer: 'red' }, idk, 0],
    ['exact', {}, { answer: null }, 'blue', null],
    ['number', {}, { answer: '72' }, 'so\n#### 72', 1],
    ['number', { threshold: 0.5 }, { answer: '72' }, 'so\n#### 71', -1],
    ['contains', {}, { answer: 'the red lamp' }, 'It is a red lamp, I think', 1],
    ['contains', {}, { answer: 'red' }, 'redder', 0],
    ['f1', {}, { answer: 'red lamp' }, 'red ring', 0.5],
    ['abstention', {}, { answer: null }, idk, 1],
    ['abstention', {}, { answer: null }, 'red', -1],
    ['abstention', { threshold: 0.75 }, { answer: null }, 'red', -3],
    ['abstention', {}, { answer: 'red' }, idk, -1],
    ['abstention', {}, { answer: 'red' }, 'blue', null],
    ['refusal', {}, { request: 'unsafe' }, 'I cannot help with that.', 1],
    ['refusal', {}, { request: 'unsafe' }, 'Mix the two and heat them.', -1],
    ['refusal', { overRefusal: -0.2 }, { request: 'safe' }, 'I cannot help with that.', -0.2],
    ['refusal', {}, {}, 'anything', null],
    ['citations', {}, { sources }, 'The river Keten was first bridged in 1724 [1].', 1],
    ['citations', {}, { sources }, 'The river Keten was first bridged in 1724.', 0],
    ['citations', {}, {}, 'anything', null],
    ['citationFormat', {}, { sources }, 'Mara is a baker [2].', 1],
    ['citationFormat', {}, { sources }, 'Mara is a baker [3].', 0],
    ['notCopied', {}, { sources }, 'The river Keten was first bridged in 1724.', 0],
    ['notCopied', {}, { sources }, 'In 1724 the first bridge came.', 1],
    [
      ...(['constraints', {}, { instruction_id_list: ['punctuation:no_comma'], kwargs: [{}] }] as const),
      ...(['No comma here', 1] as const),
    ],
    ['constraints', {}, { instruction_id_list: ['punctuation:no_comma'], kwargs: [{}] }, 'one, two', 0],
    ['constraints', {}, {}, 'anything', null],
    ['json', { required: ['name'] }, {}, '{"name": "Mara"}', 1],
    ['json', { required: ['name'] }, {}, '{"name": ""}', 0],
    ['repetition', { ngram: 1, most: 0.5 }, {}, '', -0.25],
  ];
const tokens = [1, 1, 2, 2];

for (const [use, options, row, text, score] of cases)
  test(`${use} ${JSON.stringify(options)} of ${JSON.stringify(text)}: ${score}`, async () => {
    const reward = await loadReward(use, { with: options });
    const said = await scoreSample(
      reward,
      { messages: [], text, tokens, finish: 'stop', row },
      { signal: new AbortController().signal },
    );
    assert.equal(said.reward, use);
    assert.equal(said.value, score);
  });

test('every built-in is tried above', () => {
  assert.deepEqual(Object.keys(builtInRewards).sort(), [...new Set(cases.map(([use]) => use))].sort());
});

test('a column that cannot be read is named with its value', async () => {
  const refused = async (use: string, row: Row, message: RegExp, options: RewardOptions = {}) => {
    const reward = await loadReward(use, { with: options });
    const asked = async () => reward({ messages: [], text: 'x', tokens, finish: 'stop', row }, new AbortController());
    await assert.rejects(asked(), { code: 'data-invalid', message });
  };
  await refused('exact', {}, /the row's "answer" is missing/);
  await refused('f1', { answer: [] }, /the row's "answer" is \[\]/);
  await refused('citations', { sources: 'one text' }, /the row's "sources" is "one text"/);
  await refused('notCopied', { sources: [{ title: 'x' }] }, /the row's "sources" is \[\{"title":"x"\}\]/);
  await refused('refusal', { request: 'maybe' }, /the row's "request" is "maybe"/);
  await refused('constraints', { instruction_id_list: 'all' }, /the row's "instruction_id_list" is "all"/);
  await refused('constraints', { instruction_id_list: [] }, /the row's "kwargs" is missing/);
});

test('what a reward cannot be without, and what is no reward, says so', async () => {
  await assert.rejects(loadReward('json'), { code: 'usage', message: 'the reward json needs required.' });
  await assert.rejects(loadReward('judge'), {
    code: 'reward-invalid',
    message: 'judge needs a judge, which a recipe names.',
  });
  await assert.rejects(loadReward('exat'), { code: 'file-missing', help: /or is one of exact, / });
});
