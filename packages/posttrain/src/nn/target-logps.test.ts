import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randn, scope, type Tensor, tensor, toArray } from '../tensor/index.ts';
import { targetLogps } from './target-logps.ts';

/** Log-probabilities of the first `count` rows, and the gradients of their weighted sum. */
function through(hidden: Tensor, weight: Tensor, targets: Tensor, count: number) {
  for (const leaf of [hidden, weight]) {
    leaf.grad = null;
    leaf.requiresGrad = true;
  }
  const logps = targetLogps(hidden, weight, targets).narrow(0, 0, count);
  logps
    .mul(tensor(Array.from({ length: count }, (_, i) => 1 / (i + 1))))
    .sumAll()
    .backward();
  return [logps, hidden.grad!.narrow(0, 0, count), weight.grad!.toDtype('float32')].map((values) =>
    toArray(values.detach()),
  );
}

test('in bf16 65 rows, computed as 66, give what they give beside a 66th that is not used', () =>
  scope(() => {
    const weight = randn([96, 32]).toDtype('bfloat16');
    const all = randn([66, 32]);
    const targets = tensor(
      Array.from({ length: 66 }, (_, i) => (7 * i) % 96),
      { dtype: 'int64' },
    );
    const filled = through(all.narrow(0, 0, 65).clone(), weight, targets.narrow(0, 0, 65).clone(), 65);
    assert.deepEqual(filled, through(all.clone(), weight, targets, 65));
    assert.equal(filled[0]!.length, 65);
  }));
