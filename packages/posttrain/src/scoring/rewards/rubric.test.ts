import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../contract.ts';
import { readRubric, rubricReward } from './rubric.ts';
import { scoreSample } from './score-sample.ts';

type Row = Readonly<Record<string, unknown>>;
const { signal } = new AbortController();
const sample = (row: Row): Sample<Row> => ({
  messages: [{ role: 'user', content: 'How much?' }],
  text: '5 mg.',
  tokens: [1],
  finish: 'stop',
  row,
});
const rubric = [
  { criterion: 'names the dose', points: 5 },
  { criterion: 'says who should not take it', points: 3, tags: ['safety'] },
  { criterion: 'invents a source', points: -4 },
];
const graded = (met: readonly boolean[] | null, row: Row = { rubric }) =>
  scoreSample(rubricReward<Row>({ grader: async () => met }), sample(row), { signal });

test('points of what is met over the points that can be won, by hand', async () => {
  // Of 5 + 3 = 8 points that can be won.
  const cases: [boolean[], number, number][] = [
    [[true, true, false], 1, 8 / 8],
    [[true, false, false], 5 / 8, 5 / 8],
    [[false, true, true], 0, -1 / 8],
    [[true, false, true], 1 / 8, 1 / 8],
    [[true, true, true], 4 / 8, 4 / 8],
    [[false, false, true], 0, -4 / 8],
  ];
  for (const [met, value, unclipped] of cases) {
    const score = await graded(met);
    assert.equal(score.value, value, String(met));
    assert.equal(score.parts['unclipped'], unclipped, String(met));
  }
  const { reward, parts, why } = await graded([true, false, true]);
  assert.deepEqual([reward, parts['met'], parts['criteria']], ['rubric', 2, 3]);
  assert.equal(why, 'not as asked: says who should not take it · invents a source');
  assert.equal((await graded([true, true, false])).why, 'all that was asked');
});

test('no verdict and no rubric are null, not 0', async () => {
  assert.deepEqual([(await graded(null)).value, (await graded(null)).why], [null, 'no verdict']);
  assert.equal((await graded([true], {})).value, null);
  await assert.rejects(graded([true]), { code: 'reward-invalid', message: /1 verdicts on 3 criteria/ });
});

test('the grader sees the conversation with the answer at its end', async () => {
  const seen: unknown[] = [];
  const reward = rubricReward<Row>({
    grader: async (demands, conversation) => {
      seen.push(
        demands.map(({ criterion }) => criterion),
        conversation,
      );
      return [true, true, true];
    },
  });
  await reward(sample({ rubrics: rubric }), { signal });
  assert.deepEqual(seen, [
    ['names the dose', 'says who should not take it', 'invents a source'],
    [
      { role: 'user', content: 'How much?' },
      { role: 'assistant', content: '5 mg.' },
    ],
  ]);
});

test('rubrics are read by either pair of names, and what is none is refused by its place', () => {
  assert.deepEqual(readRubric({ rubric: [{ title: 'x', description: 'cites', weight: 2 }] }), [
    { criterion: 'cites', points: 2 },
  ]);
  assert.equal(readRubric({ rubric: null }), null);
  const wrong = (value: unknown, message: RegExp) =>
    assert.throws(() => readRubric({ rubric: value }), { code: 'data-invalid', message });
  wrong('cites', /"rubric" is "cites", not a list of criteria/);
  wrong([], /"rubric" is \[\], not a list/);
  wrong(
    [
      { criterion: 'a', points: 1 },
      { criterion: ' ', points: 1 },
    ],
    /rubric\[1\] has no criterion/,
  );
  wrong([{ criterion: 'a', points: 0 }], /rubric\[0\] has points 0; they are a number above or below 0/);
  wrong([{ criterion: 'a', points: '3' }], /rubric\[0\] has points "3"/);
  wrong([{ criterion: 'a' }], /rubric\[0\] has points missing/);
  wrong([{ criterion: 'a', points: -1 }], /no criterion with points above 0/);
});
