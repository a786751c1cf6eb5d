import assert from 'node:assert/strict';
import { test } from 'node:test';
import { named, type Reward, type Sample, type Score } from '../contract.ts';
import { combineRewards, type RewardCombination } from './combine.ts';
import { scoreSample } from './score-sample.ts';

const sample: Sample<null> = { messages: [], text: 'x', tokens: [], finish: 'stop', row: null };
const context = { signal: new AbortController().signal };
const gives = (name: string, score: Score): Reward<null> => named(name, () => score);
const score = (combination: RewardCombination<null>) => scoreSample(combineRewards(combination), sample, context);
const terms = [
  { reward: gives('answer', { value: 1, parts: { correct: 1 } }), weight: 2 },
  { reward: gives('citation', 0.5), weight: 1 },
];

test('gates multiply the weighted sum, penalties come after, every component is logged', async () => {
  const result = await score({ gates: [gives('format', 0.5)], terms, penalties: [gives('length', -0.25)] });
  assert.equal(result.value, 0.5 * 2.5 - 0.25);
  assert.deepEqual(result.parts, {
    'gate.format': 0.5,
    answer: 1,
    'answer.correct': 1,
    citation: 0.5,
    'penalty.length': -0.25,
  });
});

test('a shut gate pays nothing and asks no term', async () => {
  const judge = named('judge', (): number => assert.fail('asked'));
  const result = await score({ gates: [gives('format', 0)], terms: [{ reward: judge, weight: 1 }] });
  assert.deepEqual([result.value, result.parts], [0, { 'gate.format': 0 }]);
});

test('null counts for nothing, and null everywhere is null', async () => {
  const none = { reward: gives('other', null), weight: 5 };
  assert.equal((await score({ gates: [gives('format', null)], terms: [...terms, none] })).value, 2.5);
  assert.equal((await score({ terms: [none], penalties: [gives('length', -1)] })).value, null);
});

test('a branch pays in place of gates and terms', async () => {
  const abstained = gives('abstention', { value: 1, why: 'no answer' });
  const result = await score({
    gates: [gives('format', 0)],
    terms,
    branches: [abstained, gives('refusal', null)],
    penalties: [gives('length', -0.5)],
  });
  assert.deepEqual([result.value, result.why], [0.5, 'no answer']);
  assert.deepEqual(result.parts, { 'branch.abstention': 1, 'penalty.length': -0.5 });
});

test('what would mix or double pay is refused', async () => {
  const fails = (combination: RewardCombination<null>) =>
    (async () => score(combination))().then(
      () => 'no error',
      (error: Error) => error.message,
    );
  assert.equal(await fails({ terms: [] }), 'a combination without terms rewards nothing.');
  assert.equal(
    await fails({ terms, penalties: [gives('answer', 0)] }),
    'two rewards of the combination are called answer, so their logs would mix.',
  );
  assert.equal(await fails({ terms, gates: [gives('format', 1.5)] }), 'gate format gave 1.5, outside 0 to 1.');
  assert.equal(await fails({ terms, penalties: [gives('length', 0.1)] }), 'penalty length gave 0.1, which is above 0.');
  assert.equal(
    await fails({ terms, branches: [gives('abstention', 1), gives('refusal', 1)] }),
    'branches abstention and refusal both pay for one answer.',
  );
  assert.equal(await fails({ terms: [{ reward: gives('answer', Number.NaN), weight: 1 }] }), 'reward answer gave NaN.');
});
