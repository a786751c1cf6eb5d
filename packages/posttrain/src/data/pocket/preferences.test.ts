import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scorePocketAnswer, scorePocketBias, scorePocketSafety } from '../../scoring/index.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { preferencePairs, readFeedback } from '../feedback/index.ts';
import type { BiasGold } from './bias.ts';
import { drawOutside } from './held-out.ts';
import type { PocketGold, PocketItem } from './items.ts';
import {
  heldOutPreferences,
  type PreferenceAxis,
  type PreferenceRow,
  preferenceAxes,
  preferenceMix,
  preferenceRows,
} from './preferences.ts';
import type { SafetyGold } from './safety.ts';
import { testItems } from './tasks.ts';

const axes = Object.keys(preferenceMix) as PreferenceAxis[];
const words = (text: string) => text.split(' ').length;

/** The oracle's better and worse answer, whoever chose. */
function sides({ answers, choice, annotator }: PreferenceRow): { better: string; worse: string } {
  const first = (choice === 'first') === (annotator === 'oracle');
  return first ? { better: answers[0], worse: answers[1] } : { better: answers[1], worse: answers[0] };
}

/** Within four standard errors of a share. */
function assertShare(hits: number, of: number, share: number, what: string): void {
  const error = Math.sqrt((share * (1 - share)) / of);
  assert.ok(Math.abs(hits / of - share) <= 4 * error, `${what}: ${hits} of ${of}, expected ${share}`);
}

/** Whether the scorers of evaluation find an answer right. */
function isRight(axis: PreferenceAxis, { gold }: PocketItem, text: string): boolean {
  const answer = { text, ended: true };
  if (axis === 'unsafe' || axis === 'twin') return scorePocketSafety(answer, gold as SafetyGold).correct;
  if (axis === 'bias-ambiguous' || axis === 'bias-disambiguated')
    return scorePocketBias(answer, gold as BiasGold).correct;
  return scorePocketAnswer(answer, gold as PocketGold).correct;
}

test('held-out pairs: for each item of each axis, an answer that evaluation finds right against one that it finds wrong', () => {
  for (const wording of ['trained', 'held-out'] as const) {
    const rows = heldOutPreferences('dev', { wording });
    assert.equal(rows.length, 200 * axes.length);
    for (const axis of axes) {
      const items = testItems(preferenceAxes[axis].task, 'dev', { wording });
      const own = rows.filter(({ source }) => source === axis);
      assert.equal(own.length, 200);
      for (const [i, row] of own.entries()) {
        const { better, worse } = sides(row);
        assert.equal(row.prompt, items[i]!.messages[0].content);
        assert.ok(isRight(axis, items[i]!, better), `${axis}: ${better}`);
        assert.ok(!isRight(axis, items[i]!, worse), `${axis}: ${worse}`);
      }
    }
  }
  assert.equal(heldOutPreferences('test', { limit: 3 }).length, 3 * axes.length);
});

test('what the pairs of two axes look like', () => {
  const rows = heldOutPreferences('dev', { limit: 40 });
  for (const row of rows.filter(({ source }) => source === 'authority')) {
    const { better, worse } = sides(row);
    const trust = ['registry', 'journal', 'blog', 'rumor'];
    const rank = (answer: string) => {
      const [, value, number] = answer.match(/(\S+) \[(\d)\] \.$/)!;
      const [, type, text] = row.prompt.match(new RegExp(`\\[${number}\\] (\\w+) : (.+?) \\.`))!;
      assert.ok(text!.endsWith(` ${value}`), 'the cited source says so');
      return trust.indexOf(type!);
    };
    assert.ok(rank(better) < rank(worse));
  }
  for (const row of rows.filter(({ source }) => source === 'concise')) {
    const { better, worse } = sides(row);
    assert.ok(worse.startsWith(`${better} `) && words(worse) > words(better));
    for (const [aside, number] of worse.slice(better.length + 1).matchAll(/(?:\S+ )+?\[(\d)\] \./g)) {
      const [, text] = row.prompt.match(new RegExp(`\\[${number}\\] \\w+ : (.+?) \\.`))!;
      assert.equal(aside, `${text} [${number}] .`);
      assert.ok(!better.includes(`[${number}]`));
    }
  }
});

const count = 3000;
const plain = preferenceRows(count, 11);

test('training pairs: shares of the mix, either side first, and no question of any held-out split', () => {
  for (const axis of axes)
    assertShare(plain.filter(({ source }) => source === axis).length, count, preferenceMix[axis]!, axis);
  assertShare(plain.filter(({ choice }) => choice === 'first').length, count, 0.5, 'the first is better');
  assert.ok(plain.every(({ annotator }) => annotator === 'oracle'));
  const held = new Set<string>();
  for (const split of ['dev', 'test'] as const)
    for (const wording of ['trained', 'held-out', 'reversed'] as const)
      for (const { prompt } of heldOutPreferences(split, { wording })) held.add(prompt);
  assert.ok(held.size > 3000);
  assert.deepEqual(
    plain.filter(({ prompt }) => held.has(prompt)),
    [],
  );
});

test('an item whose question is held out is drawn again', () => {
  const items = testItems('bias-ambiguous', 'dev');
  const held = new Set(items.slice(0, 5).map(({ messages }) => messages[0].content));
  let drawn = 0;
  assert.equal(
    drawOutside(held, () => items[drawn++]!),
    items[5],
  );
});

test('no training pair asks by a held-out template or about a held-out combination of verb and person', () => {
  const combination = /question : (to \w+ my \w+) /;
  const heldOut = heldOutPreferences('test', { wording: 'held-out' });
  const asked = new Set(plain.flatMap(({ prompt }) => prompt.match(combination)?.[1] ?? []));
  const untrained = new Set(heldOut.flatMap(({ prompt }) => prompt.match(combination)?.[1] ?? []));
  assert.ok(asked.size >= 30 && untrained.size >= 8, `${asked.size} and ${untrained.size}`);
  for (const one of untrained) assert.ok(!asked.has(one), one);
  assert.ok(heldOut.some(({ prompt }) => prompt.includes('will you please find')));
  assert.ok(plain.every(({ prompt }) => !/please find/.test(prompt)));
});

test('the same seed gives the same pairs, a larger count only adds, another seed gives others', () => {
  assert.deepEqual(preferenceRows(50, 11), plain.slice(0, 50));
  const other = preferenceRows(50, 12);
  assert.ok(other.filter(({ prompt }, i) => prompt === plain[i]!.prompt).length < 3);
});

test('flips: their share, the same texts, and more flips flip the same pairs and some more', () => {
  const some = preferenceRows(count, 11, { flipped: 0.2 });
  const more = preferenceRows(count, 11, { flipped: 0.3 });
  assertShare(some.filter(({ annotator }) => annotator === 'errs').length, count, 0.2, 'flipped');
  for (const [i, row] of some.entries()) {
    assert.deepEqual(row.answers, plain[i]!.answers);
    assert.equal(row.choice !== plain[i]!.choice, row.annotator === 'errs');
    if (row.annotator === 'errs') assert.equal(more[i]!.annotator, 'errs');
  }
  assert.ok(preferenceRows(100, 11, { flipped: 1 }).every(({ annotator }) => annotator === 'errs'));
});

test('length as a clue: the share of padded pairs, longer by what was not asked for, right in training and wrong when held out', () => {
  const confounded = preferenceRows(count, 11, { padded: { better: 0.9 } });
  let [padded, of] = [0, 0];
  for (const [i, row] of confounded.entries()) {
    const [now, before] = [sides(row), sides(plain[i]!)];
    assert.equal(now.worse, before.worse);
    if (row.source === 'concise') {
      assert.equal(now.better, before.better);
      continue;
    }
    of++;
    if (now.better === before.better) continue;
    padded++;
    assert.ok(now.better.startsWith(`${before.better} `) && words(now.better) > words(now.worse));
  }
  assertShare(padded, of, 0.9, 'padded');
  const against = heldOutPreferences('dev', { padded: { worse: 1 } });
  assert.ok(against.every((row) => words(sides(row).worse) > words(sides(row).better)));
});

test('padding never complies with what is unsafe', () => {
  const rows = heldOutPreferences('dev', { padded: { better: 1 } }).filter(({ source }) => source === 'unsafe');
  for (const row of rows) {
    const { better, worse } = sides(row);
    const citation = worse.match(/\[\d\]/)![0];
    assert.ok(better.startsWith('i cannot help with that . ') && !better.includes(citation), better);
  }
});

test('written to a file, they are feedback: every row a comparison, every comparison a pair', async (t) => {
  const file = join(temporaryFolder(t), 'pairs.jsonl');
  const rows = preferenceRows(200, 3, { flipped: 0.2 });
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const read = await readFeedback(file);
  assert.deepEqual(read.ignoredKeys, {});
  const { rows: pairs, ties, unused } = preferencePairs(read.rows);
  assert.deepEqual([pairs.length, ties, unused], [200, 0, 0]);
  for (const [i, { chosen, prompt }] of pairs.entries()) {
    const { better, worse } = sides(rows[i]!);
    assert.equal(prompt[0]!.content, rows[i]!.prompt);
    assert.equal(chosen[0]!.content, rows[i]!.annotator === 'oracle' ? better : worse);
    assert.equal(read.rows[i]!.source, rows[i]!.source);
  }
});

test('shares are checked', () => {
  assert.throws(() => preferenceRows(1, 1, { flipped: 1.2 }), { code: 'usage', message: 'flipped is 1.2.' });
  assert.throws(() => heldOutPreferences('dev', { padded: { better: 0.7, worse: 0.5 } }), {
    message: 'padded.better + padded.worse is 1.2.',
  });
});
