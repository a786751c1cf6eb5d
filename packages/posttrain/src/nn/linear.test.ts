import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualSeed, noGrad, onednnLinear, randn, scope, tensor, toArray } from '../tensor/index.ts';
import { assertClose, assertNoLeak, valueTolerance } from '../testing/golden.ts';
import { forwardOnly, Linear, project } from './linear.ts';

test('forward only, products are those of a pass that records, with bias and without, and nothing is recorded', () =>
  assertNoLeak(() =>
    scope(() => {
      manualSeed(4);
      for (const rows of [1, 3, 70]) {
        const [x, weight, bias] = [randn([rows, 24]), randn([40, 24]), randn([40])];
        weight.requiresGrad = true;
        for (const given of [bias, undefined]) {
          const recorded = project(x, weight, given);
          assert.ok(recorded.requiresGrad);
          const alone = forwardOnly(() => project(x, weight, given));
          assert.ok(!alone.requiresGrad);
          assertClose(alone, recorded, valueTolerance, `${rows} rows`);
        }
      }
    }),
  ));

test('by hand: [1 2]·[3 4; 5 6]ᵀ + [10 20]', () =>
  scope(() => {
    using linear = new Linear(2, 2, { bias: true });
    linear.weight.copy_(tensor([3, 4, 5, 6], { shape: [2, 2] }));
    linear.bias!.copy_(tensor([10, 20]));
    const x = tensor([1, 2], { shape: [1, 2] });
    for (const pass of [noGrad, forwardOnly]) assert.deepEqual(toArray(pass(() => linear.call(x))), [21, 37]);
  }));

test('what is not a number stays so', () =>
  scope(() => {
    const found = forwardOnly(() => project(tensor([NaN, 1], { shape: [2, 1] }), tensor([1, 2], { shape: [2, 1] })));
    assert.deepEqual(toArray(found), [NaN, NaN, 1, 2]);
  }));

test('the weight decides the type that is computed in', () =>
  scope(() => {
    const weight = randn([4, 4]).toDtype('bfloat16');
    assert.equal(forwardOnly(() => project(randn([2, 4]), weight)).dtype, 'bfloat16');
  }));

test("this libtorch's oneDNN is found", { skip: onednnLinear() ? false : 'this libtorch has no oneDNN' }, () =>
  scope(() => {
    const linear = onednnLinear()!;
    assert.deepEqual(
      toArray(linear(tensor([3], { shape: [1, 1] }), tensor([5], { shape: [1, 1] }), tensor([1]))),
      [16],
    );
  }),
);
