import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type Comparison,
  type Message,
  type PairToLabel,
  pairId,
  parseFeedbackRow,
  parsePrinciples,
  preferencePairs,
  readFeedback,
} from '../../data/index.ts';
import { judgeAgreement, judgePosition } from '../../scoring/index.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { AskingJudge, type JudgeVoice } from '../judge/asking-judge.ts';
import { CachedJudge } from '../judge/cached-judge.ts';
import type { Judge, PairVerdict } from '../judge/judge.ts';
import { modelJudge } from '../judge/judge-voices.ts';
import { TableModel } from '../models/table-model.ts';
import { judgeByPrinciple, overallPreference, pairsToJudge, preferenceRows } from './ai-preferences.ts';
import { pairsOfPeople, peopleAndJudge } from './people-and-judge.ts';

const { signal } = new AbortController();
const { principles } = parsePrinciples('## Kind {#kind}\nBe kind.\n\n## True {#true}\nBe true.', 'p.md');
const people = (count: number): Comparison[] =>
  Array.from({ length: count }, (_, i) => {
    // The kind answer stands first in every other row; of its two names, one sorts before the rude answer and one behind it.
    const [kind, rude] = i < count / 2 ? [`kind ${i}`, `rude ${i}`] : [`warm and kind ${i}`, `rude ${i}`];
    const row = { prompt: `question ${i}`, annotator: 'ann' };
    const shown =
      i % 2 === 0 ? { answers: [kind, rude], choice: 'first' } : { answers: [rude, kind], choice: 'second' };
    return parseFeedbackRow({ ...row, ...shown }, { file: 'x', line: i + 1 }) as Comparison;
  });

/** Reads a question as a model would, and answers it; `wrong` says whether this one errs. */
function judgeThat(answer: (first: string, second: string, standard: string) => string): Judge {
  const voice: JudgeVoice = {
    id: 'oracle',
    fingerprint: { oracle: 1 },
    weights: 'none',
    say: async (messages) => {
      const text = messages.find(({ role }) => role === 'user')!.content;
      const of = (name: string) => new RegExp(`${name}:\\n<text>\\n(.*?)\\n</text>`, 's').exec(text)![1]!;
      return answer(of('Answer 1'), of('Answer 2'), of('Principle'));
    },
  };
  return new AskingJudge(voice, { pause: 1 });
}
const oracle = judgeThat((first) => `{"better": ${first.includes('kind') ? 1 : 2}}`);

async function judged(judge: Judge, pairs: readonly PairToLabel[], every = false) {
  const asked = pairsToJudge(pairs, principles, { seed: 1, every });
  const verdicts = new Map<string, PairVerdict>();
  for (const one of asked) {
    const verdict = await judgeByPrinciple(judge, one, { signal });
    if (verdict.status === 'judged') verdicts.set(one.id, verdict.value);
  }
  return { asked, verdictOf: (id: string) => verdicts.get(id), verdicts: [...verdicts.values()] };
}

async function read(t: TestContext, rows: readonly object[]) {
  const file = join(temporaryFolder(t), 'rows.jsonl');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return (await readFeedback(file)).rows as readonly Comparison[];
}

test('an oracle gives the right preferences: comparisons by its name, with the principle as source', async (t) => {
  const { asked, verdictOf, verdicts } = await judged(oracle, pairsOfPeople(people(40)));
  const { rows, ...counts } = preferenceRows(asked, verdictOf, { annotator: 'oracle', disagreement: 'tie' });
  assert.deepEqual(counts, { decided: 40, ties: 0, disagreed: 0, without: 0 });
  const comparisons = await read(t, rows);
  for (const { chosen, rejected } of preferencePairs(comparisons).rows) {
    assert.match(chosen[0]!.content, /kind/);
    assert.match(rejected[0]!.content, /rude/);
  }
  assert.deepEqual(new Set(comparisons.map(({ annotator }) => annotator)), new Set(['oracle']));
  assert.deepEqual(new Set(comparisons.map(({ source }) => source)), new Set(['kind', 'true']));
  assert.deepEqual(comparisons.map(pairId), people(40).map(pairId));
  assert.ok(
    comparisons.every(({ shownInOrder }) => !shownInOrder),
    'the file says nothing of places',
  );
  assert.equal(judgePosition(verdicts).flips, 0);
});

test('a model of this machine judges as well, a batch of questions at a time', async () => {
  const model = new TableModel({
    id: 'local',
    answer: (asked) => {
      const text = (asked as readonly Message[]).at(-1)!.content;
      return `{"better": ${/Answer 1:\n<text>\n[^\n]*kind/.test(text) ? 1 : 2}}`;
    },
  });
  const { asked, verdictOf } = await judged(modelJudge(model), pairsOfPeople(people(6)));
  const { decided, rows } = preferenceRows(asked, verdictOf, { annotator: 'local', disagreement: 'tie' });
  assert.equal(decided, 6);
  for (const { chosen } of rows as { chosen: Message[] }[]) assert.match(chosen[0]!.content, /kind/);
});

test('a verdict by one principle is not taken for one by another, or by none', async (t) => {
  let questions = 0;
  const counting = judgeThat(() => {
    questions++;
    return '{"better": "tie"}';
  });
  using judge = new CachedJudge(counting, temporaryFolder(t));
  const compare = (standard: string) => judge.compare('q', 'x', 'y', { signal, standard });
  await compare('Kind: be kind.');
  await compare('Kind: be kind.');
  assert.equal(questions, 2, 'both orders, once');
  await compare('True: be true.');
  assert.equal(questions, 4);
});

/**
 * 200 pairs, whose judge errs on exactly `tenths` of ten in either order, independently: it is wrong in the first order where the last
 * digit of the pair's number is below, in the second where the tens' digit is.
 */
async function agreementAtNoise(tenths: number) {
  const labels = people(200);
  const noisy = judgeThat((first, second) => {
    const i = Number(/\d+$/.exec(first)![0]);
    const kindFirst = first.includes('kind');
    const firstOrder = first < second;
    const digit = firstOrder ? i % 10 : Math.floor(i / 10) % 10;
    return `{"better": ${kindFirst === digit >= tenths ? 1 : 2}}`;
  });
  const { asked, verdictOf, verdicts } = await judged(noisy, pairsOfPeople(labels));
  const { rows: _, ...counts } = preferenceRows(asked, verdictOf, { annotator: 'noisy', disagreement: 'tie' });
  const agreement = judgeAgreement(peopleAndJudge(labels, asked, verdictOf), { seed: 1, name: 'noise' });
  return { counts, agreement, position: judgePosition(verdicts) };
}

test('noise of 0, 10 and 30 % degrades agreement as by hand', async () => {
  // Right in both orders (1 − p)², wrong in both p², otherwise the orders disagree: a tie.
  // People prefer a on 100 pairs and b on 100, so with w wrong and t ties of each 100:
  // α over 800 values, every pair in both directions, with m = 400 − 2 t of each answer and 4 t ties:
  // 1 − 799 · 8 (w + t) / (2 (m² + 2 m · 4 t)).
  for (const [tenths, wrong, ties] of [
    [0, 0, 0],
    [1, 1, 18],
    [3, 9, 42],
  ] as const) {
    const { counts, agreement, position } = await agreementAtNoise(tenths);
    assert.deepEqual(counts, { decided: 200 - 2 * ties, ties: 0, disagreed: 2 * ties, without: 0 }, `${tenths}`);
    assert.equal(agreement.accuracy, (100 - ties - wrong) / (100 - ties));
    const m = 400 - 2 * ties;
    const alpha = 1 - (799 * 8 * (wrong + ties)) / (2 * (m * m + 8 * m * ties));
    assert.ok(Math.abs(agreement.alpha! - alpha) < 1e-12, `${agreement.alpha} ${alpha}`);
    assert.equal(position.flips, 2 * ties);
    assert.equal(position.biased, false, 'noise is no favourite place');
  }
  const [exact, some, much] = [await agreementAtNoise(0), await agreementAtNoise(1), await agreementAtNoise(3)];
  // 1 − 799 · 152 / 369824 and 1 − 799 · 408 / 412064.
  assert.deepEqual(
    [exact, some, much].map(({ agreement }) => agreement.alpha!.toFixed(4)),
    ['1.0000', '0.6716', '0.2089'],
  );
});

test('a judge that prefers a place decides nothing and is flagged; its verdicts are ties, or dropped', async () => {
  const hasty = judgeThat(() => '{"better": 1}');
  const { asked, verdictOf, verdicts } = await judged(hasty, pairsOfPeople(people(30)));
  const tied = preferenceRows(asked, verdictOf, { annotator: 'hasty', disagreement: 'tie' });
  assert.deepEqual([tied.decided, tied.disagreed, tied.rows.length], [0, 30, 30]);
  const dropped = preferenceRows(asked, verdictOf, { annotator: 'hasty', disagreement: 'drop' });
  assert.deepEqual([dropped.decided, dropped.disagreed, dropped.rows.length], [0, 30, 0]);
  const { biased, firstShare } = judgePosition(verdicts);
  assert.deepEqual([biased, firstShare], [true, 1]);
});

test('an incoherent judge gives no row', async () => {
  const { asked, verdictOf } = await judged(
    judgeThat(() => 'Both have merit.'),
    pairsOfPeople(people(3)),
  );
  const { rows, without } = preferenceRows(asked, verdictOf, { annotator: 'x', disagreement: 'tie' });
  assert.deepEqual([rows.length, without], [0, 3]);
});

test('every principle is asked, by its own words; the majority of them is what a judge says of a pair', async () => {
  const byTruth = judgeThat((first, _second, standard) =>
    standard.startsWith('True') ? '{"better": "tie"}' : `{"better": ${first.includes('kind') ? 1 : 2}}`,
  );
  const labels = people(10);
  const { asked, verdictOf } = await judged(byTruth, pairsOfPeople(labels), true);
  const { rows, decided, ties } = preferenceRows(asked, verdictOf, { annotator: 'x', disagreement: 'tie' });
  assert.deepEqual([rows.length, decided, ties], [20, 10, 10]);
  for (const { people: said, judge } of peopleAndJudge(labels, asked, verdictOf)) assert.equal(judge, said);
  const verdict = (preference: 'a' | 'b' | 'tie') => ({ preference, aFirst: preference, bFirst: preference });
  assert.equal(overallPreference([verdict('a'), verdict('b')]), 'tie');
  assert.equal(overallPreference([verdict('a'), verdict('a'), verdict('b')]), 'a');
  assert.equal(overallPreference([]), null);
});

test('of several people the last word of each counts, and more than half of them', () => {
  const said = (annotator: string, choice: string) =>
    parseFeedbackRow({ prompt: 'q', answers: ['x', 'y'], choice, annotator }, { file: 'f', line: 1 }) as Comparison;
  const consensus = (...rows: Comparison[]) => peopleAndJudge(rows, [], () => undefined)[0]!.people;
  assert.equal(consensus(said('ann', 'first'), said('bob', 'first'), said('cy', 'second')), 'a');
  assert.equal(consensus(said('ann', 'first'), said('bob', 'second')), 'tie');
  assert.equal(consensus(said('ann', 'first'), said('bob', 'tie'), said('cy', 'tie')), 'tie');
  assert.equal(consensus(said('ann', 'first'), said('ann', 'second')), 'b');
});

test('a pair is the same whichever answer stands first in a file', async () => {
  const labels = people(8);
  const turned = pairsOfPeople(labels).map(
    (pair): PairToLabel => ({ ...pair, answers: [pair.answers[1], pair.answers[0]] }),
  );
  const { asked, verdictOf } = await judged(oracle, turned);
  for (const { people: said, judge } of peopleAndJudge(labels, asked, verdictOf)) assert.equal(judge, said);
});

test('pairs of equal answers are not asked', () => {
  const same = parseFeedbackRow({ prompt: 'q', answers: ['x', 'x'], choice: 'tie' }, { file: 'f', line: 1 });
  assert.deepEqual(pairsToJudge(pairsOfPeople([same as Comparison]), principles, { seed: 1, every: true }), []);
});
