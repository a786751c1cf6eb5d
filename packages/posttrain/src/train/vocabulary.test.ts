import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CausalLm, loadCausalLm } from '../models/index.ts';
import { Random } from '../support/random.ts';
import { manualSeed, noGrad, randn, scope, type Tensor, tensor, toArray, zeros } from '../tensor/index.ts';
import { assertClose, assertNoLeak, goldenPath, gradientTolerance, valueTolerance } from '../testing/golden.ts';
import { type Batch, type BatchObjective, crossEntropy, type TargetObjective } from './objective.ts';
import { chunkRows, entropyRows, withEntropies } from './target-quantities.ts';
import { backwardThroughVocabulary, sumThroughVocabulary } from './vocabulary.ts';

/** Targets for `count` of `states` hidden states, in order, with weights between 0 and 1. */
function someTargets(count: number, states: number, vocabulary: number): Batch {
  const random = new Random(count);
  const predictors = random
    .sample(
      Array.from({ length: states }, (_, i) => i),
      count,
    )
    .sort((a, b) => a - b);
  const weights = predictors.map(() => random.pick([1, 0.25, 0.5]));
  return {
    tokens: tensor(new Array<number>(states).fill(0), { dtype: 'int64' }),
    lengths: [states],
    predictors: tensor(predictors, { dtype: 'int64' }),
    targets: tensor(
      predictors.map(() => random.int(vocabulary)),
      { dtype: 'int64' },
    ),
    weights: tensor(weights),
    rows: [],
  };
}

function withHead(folder: string, body: (model: CausalLm, head: Tensor) => void): Promise<void> {
  return assertNoLeak(() => {
    const { model } = loadCausalLm(goldenPath(folder));
    using _ = model.requireGrad(true);
    const named = new Map(model.namedParameters());
    scope(() => body(model, named.get('lm_head.weight') ?? named.get('model.embed_tokens.weight')!));
  });
}

function states(count: number, width: number): Tensor {
  manualSeed(count);
  const made = randn([count, width]);
  made.requiresGrad = true;
  return made;
}

/**
 * The whole at once and in float64, with the gradient written out: for L = −Σ w·log softmax(Wh)[y],
 * dL/dlogits = w·(softmax − 1[y]), dL/dh = that·W, dL/dW = thatᵀ·h.
 */
function direct(head: Tensor, hidden: Tensor, batch: Batch): { sum: number; hidden: Tensor; head: Tensor } {
  return noGrad(() => {
    const [h, w] = [hidden.toDtype('float64'), head.toDtype('float64')];
    const chosen = h.indexSelect(0, batch.predictors);
    const logits = chosen.matmul(w.t());
    const weights = batch.weights.toDtype('float64').unsqueeze(1);
    const targets = batch.targets.unsqueeze(1);
    const sum = logits.logSoftmax(-1).gather(1, targets).mul(weights).sumAll().neg().item();
    const ofLogits = logits
      .softmax(-1)
      .sub(zeros(logits.shape, { dtype: 'float64' }).scatterValue_(1, targets, 1))
      .mul(weights);
    const ofHidden = zeros(h.shape, { dtype: 'float64' }).indexAdd_(0, batch.predictors, ofLogits.matmul(w));
    return { sum, hidden: ofHidden, head: ofLogits.t().matmul(chosen) };
  });
}

for (const folder of ['tiny/untied', 'tiny/tied'])
  for (const count of [1, chunkRows, chunkRows + 1, 2 * chunkRows + 77])
    test(`${folder}, ${count} targets: sum and gradients are those of the whole matrix`, () =>
      withHead(folder, (model, head) => {
        const { width, vocabulary } = model.dimensions;
        const hidden = states(count + 500, width);
        const batch = someTargets(count, count + 500, vocabulary);
        const scale = 1 / 640;
        const { sum } = backwardThroughVocabulary(model, hidden, batch, crossEntropy, scale);
        const expected = direct(head, hidden, batch);
        assert.ok(Math.abs(sum - expected.sum) <= 1e-5 * expected.sum, `${sum}, expected ${expected.sum}`);
        assertClose(hidden.grad!, expected.hidden.mul(scale), gradientTolerance, 'gradient of the states');
        assertClose(head.grad!, expected.head.mul(scale), gradientTolerance, 'gradient of the head');
        const evaluated = sumThroughVocabulary(model, hidden, batch, crossEntropy).sum;
        assert.ok(Math.abs(evaluated - sum) <= 1e-6 * sum);
      }));

test('the gradient is the slope: finite differences of the sum in each direction of one state', () =>
  withHead('tiny/untied', (model, head) => {
    const { width, vocabulary } = model.dimensions;
    const hidden = states(6, width);
    const batch = someTargets(4, 6, vocabulary);
    backwardThroughVocabulary(model, hidden, batch, crossEntropy, 1);
    const row = toArray(batch.predictors)[1]!;
    const gradient = toArray(hidden.grad!.select(0, row));
    for (let axis = 0; axis < 4; axis++) {
      const moved = (by: number) =>
        noGrad(() => {
          const step = zeros(hidden.shape, { dtype: 'float64' });
          step.select(0, row).narrow(0, axis, 1).fill_(by);
          return direct(head, hidden.toDtype('float64').add(step), batch).sum;
        });
      const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      assert.ok(
        Math.abs(slope - gradient[axis]!) <= 1e-4 * Math.max(1e-2, Math.abs(slope)),
        `axis ${axis}: ${gradient[axis]}, slope ${slope}`,
      );
    }
  }));

test('states without a target get no gradient', () =>
  withHead('tiny/untied', (model) => {
    const { width, vocabulary } = model.dimensions;
    const hidden = states(8, width);
    const batch = someTargets(3, 8, vocabulary);
    backwardThroughVocabulary(model, hidden, batch, crossEntropy, 1);
    const has = new Set(toArray(batch.predictors));
    for (let row = 0; row < 8; row++)
      assert.equal(
        toArray(hidden.grad!.select(0, row)).some((value) => value !== 0),
        has.has(row),
        `state ${row}`,
      );
  }));

test('an objective sees each target once, in chunks', () =>
  withHead('tiny/untied', (model) => {
    const { width, vocabulary } = model.dimensions;
    const count = 2 * chunkRows + 3;
    const sizes: number[] = [];
    const counting: TargetObjective = {
      ...crossEntropy,
      sum: ({ logp, weights }) => {
        assert.equal(logp.count, weights.count);
        sizes.push(logp.count);
        return logp.mul(0).add(1).sumAll();
      },
    };
    const batch = someTargets(count, count, vocabulary);
    assert.equal(backwardThroughVocabulary(model, states(count, width), batch, counting, 1).sum, count);
    assert.deepEqual(sizes, [chunkRows, chunkRows, 3]);
  }));

/** Cross-entropy, but asking for all log-probabilities at once. */
const together: BatchObjective = {
  ...crossEntropy,
  needs: 'all-logps',
  loss: (logp, { weights }) => ({ sum: logp.mul(weights).sumAll().neg(), metrics: { logp: toArray(logp.detach()) } }),
};

for (const count of [5, chunkRows, 2 * chunkRows + 77])
  test(`${count} targets: an objective that needs all log-probabilities first gets the same gradients as one that does not`, () =>
    withHead('tiny/untied', (model, head) => {
      const { width, vocabulary } = model.dimensions;
      const hidden = states(count + 3, width);
      const batch = someTargets(count, count + 3, vocabulary);
      const { sum, metrics } = backwardThroughVocabulary(model, hidden, batch, together, 0.5);
      assert.equal(metrics['logp']!.length, count);
      const expected = direct(head, hidden, batch);
      assert.ok(Math.abs(sum - expected.sum) <= 1e-5 * expected.sum, `${sum}, expected ${expected.sum}`);
      assertClose(hidden.grad!, expected.hidden.mul(0.5), gradientTolerance, 'gradient of the states');
      assertClose(head.grad!, expected.head.mul(0.5), gradientTolerance, 'gradient of the head');
      assert.ok(Math.abs(sumThroughVocabulary(model, hidden, batch, together).sum - sum) <= 1e-6 * sum);
    }));

/** Σ w (log p − ¾ H): both quantities have gradients, the entropy's with a weight of its own kind. */
const withEntropy: BatchObjective = {
  name: 'with entropy',
  needs: 'all-logps',
  dropout: false,
  temperature: 0.7,
  entropy: true,
  weight: () => 1,
  loss: (logp, { weights }, entropy) => ({
    sum: logp.sub(entropy!.mul(entropy!).mul(0.75)).mul(weights).sumAll(),
    metrics: { entropy: toArray(entropy!) as number[] },
  }),
};

for (const count of [5, entropyRows, 2 * entropyRows + 77])
  test(`${count} targets: entropies, and gradients through them, are those of plain logits in float64`, () =>
    withHead('tiny/untied', (model, head) => {
      const { width, vocabulary } = model.dimensions;
      const hidden = states(count + 3, width);
      const batch = someTargets(count, count + 3, vocabulary);
      const { sum, metrics } = backwardThroughVocabulary(model, hidden, batch, withEntropy, 0.5);

      const [h, w] = [hidden, head].map((one) => one.detach().toDtype('float64'));
      for (const leaf of [h!, w!]) leaf.requiresGrad = true;
      const logps = h!.indexSelect(0, batch.predictors).matmul(w!.t()).div(0.7).logSoftmax(-1);
      const entropy = logps.exp().mul(logps).sum([-1]).neg();
      const logp = logps.gather(1, batch.targets.unsqueeze(1)).squeeze(1);
      const expected = logp.sub(entropy.square().mul(0.75)).mul(batch.weights.toDtype('float64')).sumAll();
      expected.mul(0.5).backward();
      assert.ok(Math.abs(sum - expected.item()) <= 1e-5 * Math.abs(expected.item()), `${sum}, ${expected.item()}`);
      assertClose(tensor(metrics['entropy']!), entropy.detach(), valueTolerance, 'entropies');
      assertClose(hidden.grad!, h!.grad!, gradientTolerance, 'gradient of the states');
      assertClose(head.grad!, w!.grad!, gradientTolerance, 'gradient of the head');
      const found = sumThroughVocabulary(model, hidden, batch, withEntropy);
      assert.ok(Math.abs(found.sum - sum) <= 1e-6 * Math.abs(sum));
    }));

test('an entropy is finite where a token is certain, and so is its gradient', () =>
  scope(() => {
    const logits = tensor([0, -300, -300, 400, 0, 0]).view([2, 3]).detach();
    logits.requiresGrad = true;
    const { entropy } = withEntropies(logits, tensor([0, 0], { dtype: 'int64' }));
    assert.deepEqual(toArray(entropy.abs()), [0, 0]);
    entropy.sumAll().backward();
    assert.ok((toArray(logits.grad!) as number[]).every((value) => Math.abs(value) <= 1e-6));
  }));
