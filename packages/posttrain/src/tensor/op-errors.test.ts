import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { fromTyped, tensor } from './create.ts';
import { scope } from './scope.ts';
import { cat, embedding, ones } from './tensor.generated.ts';

/** libtorch's refusals name the operation, and every tensor's sizes, type and device, without its C++ backtrace. */
for (const [name, code, operation, message] of [
  [
    'shapes that do not multiply',
    'tensor-op',
    () => ones([4, 8]).matmul(ones([4, 8])),
    'aten::matmul(self [4, 8] Float cpu; other [4, 8] Float cpu)\n  mat1 and mat2 shapes cannot be multiplied (4x8 and 4x8)',
  ],
  [
    'shapes that do not broadcast',
    'tensor-op',
    () => ones([4]).add(ones([3])),
    'aten::add(self [4] Float cpu; other [3] Float cpu)\n  The size of tensor a (4) must match the size of tensor b (3) at non-singleton dimension 0',
  ],
  [
    'element types that do not meet',
    'tensor-op',
    () => ones([2, 2]).matmul(ones([2, 2], { dtype: 'float64' })),
    'aten::matmul(self [2, 2] Float cpu; other [2, 2] Double cpu)\n  expected m1 and m2 to have the same dtype, but got: float != double',
  ],
  [
    'a list of tensors',
    'tensor-op',
    () => cat([ones([2, 2]), tensor([1], { dtype: 'int64' })]),
    'aten::cat(tensors [2, 2] Float cpu, [1] Long cpu)\n  Tensors must have same number of dimensions: got 2 and 1',
  ],
  [
    'an index beyond the table',
    'tensor-op',
    () => embedding(ones([4, 2]), tensor([9], { dtype: 'int64' })),
    'aten::embedding(weight [4, 2] Float cpu; indices [1] Long cpu)\n  index out of range in self',
  ],
  [
    'numbers that do not fill a shape',
    'shape',
    () => tensor([1, 2, 3], { shape: [2, 2] }),
    '[2, 2] float32 needs 16 bytes; the array has 12',
  ],
  [
    'bytes that do not fill a shape',
    'shape',
    () => fromTyped(new Uint8Array(6), [1], 'int64'),
    '[1] int64 needs 8 bytes; the array has 6',
  ],
] as const)
  test(`the error for ${name}`, () =>
    assertNoLeak(() => {
      assert.throws(
        () => scope(operation),
        (error) => {
          assert.ok(PosttrainError.is(error));
          assert.equal(error.code, code);
          assert.equal(error.message, message);
          assert.doesNotMatch(`${error.stack}`, /frame #|\.cpp|c10::/);
          return true;
        },
      );
    }));
