import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pearson, spearman } from '../statistics/correlation.ts';
import { dot, pairLogistic, type SparseVector } from '../statistics/pair-logistic.ts';
import { pairBaselines, type TextPair, wordsOf } from './pair-baselines.ts';

interface Fit {
  readonly weights: readonly number[];
  readonly heldOut: readonly number[];
  readonly right: number;
}
interface Fixture {
  readonly l2: number;
  readonly training: readonly (readonly [string, string])[];
  readonly heldOut: readonly (readonly [string, string])[];
  readonly names: readonly string[];
  readonly words: Fit;
  readonly length: Fit;
  readonly correlation: {
    readonly x: number[];
    readonly y: number[];
    readonly pearson: number;
    readonly spearman: number;
  };
}

const file = fileURLToPath(new URL('../../../../../golden/baselines/pairs.json', import.meta.url));
const skip = existsSync(file) ? false : 'only in the repository';
const load = () => JSON.parse(readFileSync(file, 'utf8')) as Fixture;
const pairsOf = (pairs: Fixture['training']): TextPair[] =>
  pairs.map(([chosen, rejected], i) => ({ chosen, rejected, prompt: `${i}` }));

/** max|a − b| / max|b| */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

test('weights on word counts are scikit-learn’s, to eight digits', { skip }, () => {
  const { training, names, words, l2 } = load();
  const counts = (text: string) => names.map((name) => wordsOf(text).filter((word) => word === name).length);
  const differences = training.map(([chosen, rejected]): SparseVector => {
    const [a, b] = [counts(chosen), counts(rejected)];
    return a.flatMap((count, i) => (count === b[i] ? [] : [[i, count - b[i]!] as const]));
  });
  const { weights, steps } = pairLogistic(differences, names.length, l2);
  assert.ok(relativeError(weights, words.weights) < 1e-8);
  assert.ok(steps < 12, `${steps} steps`);
  assert.ok(relativeError([dot(weights, differences[0]!)], [dot(words.weights, differences[0]!)]) < 1e-8);
});

test('both baselines get right what scikit-learn’s do, on the words that are there', { skip }, () => {
  const { training, heldOut, names, words, length, l2 } = load();
  const held = pairsOf(heldOut);
  const perfect = held.map(() => ({ chosen: 1, rejected: 0 }));
  const [byLength, byWords] = pairBaselines(pairsOf(training), held, perfect, { l2 });
  assert.equal(byWords!.features, names.length);
  assert.equal(byWords!.accuracy.value, words.right / held.length);
  // Pairs of equal length are ties, which count half here and not at all there.
  const ties = length.heldOut.filter((value) => value === 0).length;
  assert.equal(byLength!.accuracy.value, (length.right + ties / 2) / held.length);
  assert.equal(byLength!.accuracy.ties, ties);
  const meanOfWords = words.heldOut.reduce((sum, value) => sum + value, 0) / held.length;
  assert.ok(relativeError([byWords!.accuracy.margin!], [meanOfWords]) < 1e-8);
  const meanOfLength = length.heldOut.reduce((sum, value) => sum + value, 0) / held.length;
  assert.ok(relativeError([byLength!.accuracy.margin!], [meanOfLength]) < 1e-8);
  const heaviest = Math.max(...words.weights.map(Math.abs));
  assert.ok(Math.abs(Math.abs(byWords!.strongest[0]!.weight) - heaviest) < 1e-8);
  // A perfect reward model beats both; the difference is what they get wrong.
  for (const { difference, accuracy, beaten } of [byLength!, byWords!]) {
    assert.ok(Math.abs(difference.value! - (1 - accuracy.value!)) < 1e-12);
    assert.equal(difference.after, 1);
    assert.equal(beaten, difference.interval!.low > 0);
  }
  assert.equal(byLength!.beaten, true);
});

test('correlations with ties are SciPy’s', { skip }, () => {
  const { correlation } = load();
  assert.ok(Math.abs(pearson(correlation.x, correlation.y)! - correlation.pearson) < 1e-12);
  assert.ok(Math.abs(spearman(correlation.x, correlation.y)! - correlation.spearman) < 1e-12);
});

const said = (chosen: string, rejected: string, i: number): TextPair => ({ chosen, rejected, prompt: `${i}` });

test('what is fitted is the training pairs alone; a reward model as good as the words does not beat them', () => {
  const training = Array.from({ length: 20 }, (_, i) => said(`good a${i}`, `poor b${i} and more`, i));
  const heldOut = [said('good', 'poor', 0), said('good x', 'poor', 1), said('fine', 'bad', 2)];
  const scores = [
    { chosen: 2, rejected: 1 },
    { chosen: 2, rejected: 1 },
    { chosen: 1, rejected: 1 },
  ];
  const [length, words] = pairBaselines(training, heldOut, scores);
  // Shorter is better in training, and equally long is a tie.
  assert.equal(length!.accuracy.value, (0.5 + 0 + 0.5) / 3);
  assert.ok(length!.strongest[0]!.weight < 0);
  assert.equal(words!.accuracy.value, (1 + 1 + 0.5) / 3);
  assert.deepEqual(
    words!.strongest.map(({ feature }) => feature).sort(),
    ['and', 'good', 'more', 'poor'],
    'a0 … b19 stand in one pair each',
  );
  assert.deepEqual([words!.difference.value, words!.beaten], [0, false]);
});

test('words and marks of any script', () => {
  assert.deepEqual(wordsOf('Änne’s 2 Katzen, 猫!'), ['änne', '’', 's', '2', 'katzen', ',', '猫', '!']);
  assert.deepEqual(wordsOf(''), []);
});

test('what is missing is said', () => {
  assert.throws(() => pairBaselines([], [], []), { code: 'usage', message: /no pairs to be fitted on/ });
  const one = [said('a', 'b', 0)];
  assert.throws(() => pairBaselines(one, one, []), { code: 'usage', message: '0 scores, but 1 held-out pairs.' });
});
