import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PackedAttention } from '../nn/index.ts';
import { Random } from '../support/random.ts';
import { noGrad, scope, tensor, toArray } from '../tensor/index.ts';
import { assertNoLeak, goldenPath } from '../testing/golden.ts';
import type { CausalLm } from './causal-lm.ts';
import { loadCausalLm } from './load.ts';
import { judging, type LikelihoodQuery, logLikelihoods } from './log-likelihood.ts';

/** Each continuation by itself, the whole sequence run in one piece. */
function alone(
  model: CausalLm,
  context: readonly number[],
  tokens: readonly number[],
): { logps: number[]; greedy: boolean } {
  return scope(() =>
    noGrad(() => {
      const ids = [...context, ...tokens];
      using attention = new PackedAttention([ids.length]);
      const logits = model
        .logits(model.call(tensor(ids, { dtype: 'int64' }), attention))
        .narrow(0, context.length - 1, tokens.length);
      const vocabulary = logits.shape[1]!;
      const logp = toArray(logits.logSoftmax(-1));
      const likeliest = toArray(logits.argmax(-1));
      return {
        logps: tokens.map((token, t) => logp[t * vocabulary + token]!),
        greedy: tokens.every((token, t) => token === likeliest[t]),
      };
    }),
  );
}

const random = new Random(11);
const ids = (length: number) => Array.from({ length }, () => random.int(128));
const queries: LikelihoodQuery[] = [
  { context: ids(1), continuations: [ids(1), ids(4)] },
  { context: ids(40), continuations: [ids(2), ids(9), ids(1), ids(2)] },
  { context: ids(7), continuations: [ids(3)] },
];

for (const variant of ['biases', 'llama3-rope']) {
  test(`${variant}: with shared prefixes each continuation gets what it gets alone`, () =>
    assertNoLeak(() => {
      const { model } = loadCausalLm(goldenPath(`tiny/${variant}`));
      using _ = model;
      for (const [q, likelihoods] of logLikelihoods(model, queries).entries()) {
        for (const [c, likelihood] of likelihoods.entries()) {
          const expected = alone(model, queries[q]!.context, queries[q]!.continuations[c]!);
          assert.equal(likelihood.greedy, expected.greedy);
          for (const [t, logp] of likelihood.logps.entries())
            assert.ok(Math.abs(logp - expected.logps[t]!) < 1e-4, `query ${q}, continuation ${c}, token ${t}`);
        }
      }
    }));
}

test('over several passes through the model each continuation still gets what it gets alone', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/biases'));
    using _ = model;
    const primer = ids(60);
    const questions = Array.from({ length: 40 }, (_, i) => [...(i % 8 === 0 ? [] : primer), ...ids(10 + (i % 30))]);
    const many = questions.map((context) => ({ context, continuations: [ids(1), ids(6), [...ids(3), ...context]] }));
    for (const [q, likelihoods] of logLikelihoods(model, many).entries())
      for (const [c, { logps }] of likelihoods.entries()) {
        const expected = alone(model, many[q]!.context, many[q]!.continuations[c]!);
        for (const [t, logp] of logps.entries())
          assert.ok(Math.abs(logp - expected.logps[t]!) < 1e-4, `query ${q}, continuation ${c}, token ${t}`);
      }
    const counted = [...many, { context: primer, continuations: [[5]] }];
    const passes = [...judging(model, counted)];
    assert.ok(passes.length > 1, `${passes.length} passes`);
    assert.deepEqual(
      passes.flat().sort((x, y) => x - y),
      counted.map((_, q) => q),
    );
  }));

test('work that is given up leaves nothing behind', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const primer = ids(100);
    const work = judging(
      model,
      Array.from({ length: 50 }, () => ({ context: [...primer, ...ids(40)], continuations: [ids(9)] })),
    );
    work.next();
    work.return([]);
  }));

test('what is not a number does not vanish', () => {
  const { model } = loadCausalLm(goldenPath('tiny/biases'));
  using _ = model;
  noGrad(() => {
    for (const [name, parameter] of model.namedParameters())
      if (name === 'model.norm.weight') parameter.fill_(Number.NaN);
  });
  for (const { logps, greedy } of logLikelihoods(model, queries).flat()) {
    assert.ok(logps.every(Number.isNaN));
    assert.equal(greedy, false);
  }
});

test('a greedy continuation is told as one, also where all continuations have one token', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const context = ids(5);
    const judged = logLikelihoods(model, [
      { context, continuations: Array.from({ length: 128 }, (_, token) => [token]) },
    ])[0]!;
    assert.equal(judged.filter(({ greedy }) => greedy).length, 1);
    const total = judged.reduce((sum, { logps }) => sum + Math.exp(logps[0]!), 0);
    assert.ok(Math.abs(total - 1) < 1e-4, `the vocabulary's probabilities sum to ${total}`);
    const best = judged.findIndex(({ greedy }) => greedy);
    assert.ok(judged.every(({ logps }) => logps[0]! <= judged[best]!.logps[0]!));
  }));

test('every token must be the first choice, not one of them', () =>
  assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath('tiny/tied'));
    using _ = model;
    const all = Array.from({ length: 128 }, (_, token) => [token]);
    const choice = (context: readonly number[]) =>
      logLikelihoods(model, [{ context, continuations: all }])[0]!.findIndex(({ greedy }) => greedy);
    const context = ids(5);
    const first = choice(context);
    const other = (first + 1) % 128;
    const continuations = [
      [first, choice([...context, first])],
      [other, choice([...context, other])],
    ];
    assert.deepEqual(
      logLikelihoods(model, [{ context, continuations }])[0]!.map(({ greedy }) => greedy),
      [true, false],
    );
  }));
