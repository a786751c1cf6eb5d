import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineTask, parseRequirement, type TaskResult } from '../evaluate/index.ts';
import { holm } from '../scoring/index.ts';
import { checkArm } from './arm-requirements.ts';
import { compareArms, type ScoredArm, type StudyRow } from './compare-arms.ts';
import type { ModelScores } from './scores.ts';

/** Hand-made outcomes: what the arms' figures and differences must be is worked out beside them. */

const task = defineTask({
  name: 'quiz',
  version: 1,
  axis: 'factuality',
  about: 'Made.',
  split: 'made',
  data: null,
  docs: () => [{}],
  request: () => ({ kind: 'generate', prompt: '', maxTokens: 1 }),
  metrics: {
    right: { kind: 'mean', about: 'right', higherIsBetter: true, unit: 'share' },
    long: { kind: 'ratio', about: 'tokens of an answer', higherIsBetter: false, perToken: true },
    leaning: { kind: 'mean', about: 'leaning', ideal: 0 },
  },
  score: () => ({ values: { right: 1, long: { numerator: 1, denominator: 1 }, leaning: 0 } }),
});

interface Made {
  readonly right: readonly (number | null)[];
  readonly tokenizer?: string;
  readonly invalid?: string;
  readonly leaning?: number;
}

function scores(model: string, { right, tokenizer = 'a', invalid, leaning = 0 }: Made): ModelScores {
  const items = right.map((value, docId) => ({
    docId,
    cluster: `#${docId}`,
    // A wrong answer is 4 tokens long, a right one 1.
    values: { right: value, long: value === null ? null : { numerator: value === 1 ? 1 : 4, denominator: 1 }, leaning },
  }));
  return {
    ...{ plan: 'p', model, items: { quiz: items }, notRun: [], remarks: [] },
    fingerprint: { weights: model, tokenizer, template: null, dtype: 'fp32', engine: 'made' },
    results: [{ task: 'quiz', invalid: invalid ?? null } as TaskResult],
  };
}

const arm = (name: string, ...runs: readonly Made[]): ScoredArm => ({
  name,
  trained: true,
  runs: runs.map((made, i) => scores(`${name}/seed-${i + 1}`, made)),
  diverged: [],
});
const control = (name: string, made: Made): ScoredArm => ({ ...arm(name, made), trained: false });
const options = { seed: 1, margins: {}, draws: 400, notComparable: () => undefined };
const rowOf = (rows: readonly StudyRow[], metric: string) => rows.find((row) => row.metric === metric)!;

test('two arms of two seeds on four documents: figures, difference and the part of the seeds by hand', () => {
  const before = arm('before', { right: [0, 0, 1, 1] }, { right: [0, 0, 1, 0] });
  const after = arm('after', { right: [1, 1, 1, 1] }, { right: [1, 0, 1, 1] });
  const rows = compareArms(before, [after], [task], options);
  const right = rowOf(rows, 'right');
  // Means of runs .5, .25 and 1, .75. Variance of two values .25 apart: .03125, over 2 seeds, on both sides.
  assert.deepEqual(
    [right.before, right.after, right.difference.value, right.varianceOfSeeds],
    [0.375, 0.875, 0.5, 0.03125],
  );
  assert.deepEqual([right.seedsBefore, right.seedsAfter, right.n, right.clusters], [2, 2, 4, 4]);
  // Differences by document over seeds: 1, .5, 0, .5. Variance .125 (population), over 4, times 4/3 for the bootstrap.
  assert.ok(Math.abs(right.varianceOfItems! / ((0.125 / 4) * (4 / 3)) - 1) < 0.25, `${right.varianceOfItems}`);
  assert.ok(right.difference.interval!.low < 0.5 && right.difference.interval!.high > 0.5);
  // 4 tokens where wrong: (4+4+1+1)/4 = 2.5 and 3.25 before; 1 and 1.75 after.
  const long = rowOf(rows, 'long');
  assert.deepEqual([long.before, long.after, long.difference.value], [2.875, 1.375, -1.5]);
  assert.deepEqual(
    [right.verdict, right.why],
    ['inconclusive', '2 training seeds in an arm; a claim about a method needs 5'],
  );
});

const even = (share: number, shift = 0): Made => ({
  right: Array.from({ length: 60 }, (_, i) => Number((i + shift) % 10 < share * 10)),
});
const seeds = (share: number, first = 0) => [0, 1, 2, 3, 4].map((i) => even(share, first + i));

test('Holm goes over the rows of all arms', () => {
  const rows = compareArms(
    arm('base', ...seeds(0.3)),
    [arm('same', ...seeds(0.3)), arm('better', ...seeds(0.8))],
    [task],
    options,
  );
  assert.equal(rows.length, 6);
  assert.deepEqual(
    rows.map(({ adjusted }) => adjusted),
    holm(rows.map(({ difference, distance }) => (distance ?? difference).p)),
  );
  assert.deepEqual(
    rows.map(({ arm: name, metric, verdict }) => `${name} ${metric} ${verdict}`),
    [
      'same right inconclusive',
      'same long inconclusive',
      'same leaning inconclusive',
      'better right improved',
      'better long improved',
      'better leaning inconclusive',
    ],
  );
});

test('a margin set before makes small differences equivalent', () => {
  const base = arm('base', ...seeds(0.3));
  const rows = compareArms(base, [arm('same', ...seeds(0.3, 5))], [task], {
    ...options,
    margins: { 'quiz.right': 0.3 },
  });
  assert.equal(rowOf(rows, 'right').verdict, 'equivalent');
});

test('a control has no seeds, and its part of the variance is 0', () => {
  const [row] = compareArms(control('base', even(0.3)), [arm('better', ...seeds(0.8))], [task], options);
  assert.deepEqual([row!.seedsBefore, row!.seedsAfter, row!.verdict], [null, 5, 'improved']);
  // Every run of the arm has the figure .8, so seeds add nothing either.
  assert.ok(row!.varianceOfSeeds! < 1e-12);
  const [two] = compareArms(control('base', even(0.3)), [control('other', even(0.8))], [task], options);
  assert.deepEqual([two!.seedsBefore, two!.seedsAfter, two!.verdict], [null, null, 'improved']);
  const [one] = compareArms(control('base', even(0.3)), [arm('once', even(0.8))], [task], options);
  assert.equal(one!.why, '1 training seeds in an arm; a claim about a method needs 5');
});

test('where no run and no document varies, the documents alone tell: wrong everywhere against right everywhere', () => {
  const all = (value: number): Made => ({ right: Array.from({ length: 20 }, () => value) });
  const five = (value: number) => [1, 2, 3, 4, 5].map(() => all(value));
  const [row] = compareArms(arm('base', ...five(0)), [arm('after', ...five(1))], [task], options);
  // McNemar: 2 · 2^-20; Bonett-Price: (20 + 1)/22 - 1/22 ± ...
  assert.equal(row!.difference.p, 2 / 2 ** 20);
  assert.ok(row!.difference.interval!.low > 0.7 && row!.difference.interval!.high <= 1);
  assert.equal(row!.verdict, 'improved');
  const base = arm('base', ...five(1));
  const rows = compareArms(base, [arm('after', ...five(1))], [task], { ...options, margins: { 'quiz.right': 0.3 } });
  assert.equal(rows[0]!.verdict, 'equivalent');
  const requirement = checkArm(arm('after', ...five(1)), parseRequirement('quiz.right >= 0.8'), {
    ...options,
    baseline: base,
    tasks: [task],
    rows,
  });
  // Wilson's low end of 20 of 20 is .839.
  assert.equal(requirement.outcome, 'passed');
  assert.equal(requirement.bound?.toFixed(3), '0.839');
});

test('a distance from an ideal is judged, from either side', () => {
  const leaning = (value: number) => seeds(0.5).map((made, i) => ({ ...made, leaning: value + i / 1000 }));
  const [, , row] = compareArms(arm('base', ...leaning(-0.8)), [arm('after', ...leaning(0.1))], [task], options);
  assert.ok(Math.abs(row!.difference.value! - 0.9) < 1e-9);
  // |.102| - |-.798|
  assert.ok(Math.abs(row!.distance!.value! + 0.696) < 1e-9);
  assert.deepEqual([row!.verdict, row!.higherIsBetter], ['improved', null]);
});

test('documents to which a metric does not apply are left out run by run', () => {
  const before = arm('before', { right: [null, 0, 1] }, { right: [1, null, 1] });
  const after = arm('after', { right: [1, 1, 1] }, { right: [1, 1, null] });
  const [row] = compareArms(before, [after], [task], options);
  // (1/2 + 1) / 2 and (1 + 1) / 2
  assert.deepEqual([row!.before, row!.after], [0.75, 1]);
});

test('invalid, not comparable, and figures that count tokens of other tokenizers', () => {
  const base = arm('base', ...seeds(0.3));
  const degenerate = arm(
    'odd',
    ...seeds(0.8).map((made, i) => (i === 2 ? { ...made, invalid: 'all choices are equal' } : made)),
  );
  const [row] = compareArms(base, [degenerate], [task], options);
  assert.deepEqual([row!.verdict, row!.why, row!.adjusted], ['invalid', 'odd/seed-3: all choices are equal', null]);
  const other = arm('other', ...seeds(0.8).map((made) => ({ ...made, tokenizer: 'b' })));
  const [right, long] = compareArms(base, [other], [task], options);
  assert.deepEqual([right!.verdict, long!.verdict], ['improved', 'not comparable']);
  assert.match(long!.why, /^base and other have different tokenizers/);
  const [unequal] = compareArms(base, [arm('long', ...seeds(0.8))], [task], {
    ...options,
    notComparable: () => 'more text',
  });
  assert.deepEqual([unequal!.verdict, unequal!.why], ['not comparable', 'more text']);
});

test('requirements hold an arm by the end of its interval, with seeds and documents in it', () => {
  const base = arm('base', ...seeds(0.3));
  const better = arm('better', ...seeds(0.8));
  const rows = compareArms(base, [better], [task], options);
  const facts = { baseline: base, tasks: [task], rows, seed: 1, draws: 400 };
  const outcome = (text: string) => checkArm(better, parseRequirement(text), facts).outcome;
  assert.equal(outcome('quiz.right >= 0.6'), 'passed');
  // The figure is .8, the low end of its interval is below .78.
  assert.equal(outcome('quiz.right >= 0.78'), 'failed');
  assert.equal(outcome('change of quiz.right > 0.3'), 'passed');
  assert.equal(outcome('change of quiz.right > 0.01'), 'underpowered');
  const few = arm('few', even(0.8));
  const one = checkArm(few, parseRequirement('quiz.right >= 0.5'), {
    ...facts,
    rows: compareArms(base, [few], [task], options),
  });
  assert.deepEqual([one.outcome, one.why], ['underpowered', 'no interval from 60 items']);
});

test('a task that an arm was not asked has no row, and what is required of it is invalid', () => {
  const base = arm('base', ...seeds(0.3));
  const silent: ScoredArm = {
    ...arm('silent', ...seeds(0.8)),
    runs: seeds(0.8).map((made) => ({ ...scores('silent', made), items: {} })),
  };
  assert.deepEqual(compareArms(base, [silent], [task], options), []);
  const facts = { baseline: base, tasks: [task], rows: [], seed: 1 };
  const checked = checkArm(silent, parseRequirement('quiz.right >= 0.6'), facts);
  assert.deepEqual([checked.outcome, checked.why], ['invalid', 'quiz was not run with silent']);
});
