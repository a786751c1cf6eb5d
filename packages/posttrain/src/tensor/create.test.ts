import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { assertNoLeak } from '../testing/golden.ts';
import { fromTyped, moveTo, tensor, toArray, toTypedArray } from './create.ts';
import type { DType } from './dtype.ts';
import { scope } from './scope.ts';

const roundTrip = (values: readonly number[], dtype: DType) => scope(() => toArray(tensor(values, { dtype })));

test('numbers become float32 unless another type is asked for', () =>
  assertNoLeak(() =>
    scope(() => {
      const made = tensor([1, 0.1], { shape: [2, 1] });
      assert.deepEqual([made.dtype, made.shape, made.device, made.count], ['float32', [2, 1], 'cpu', 2]);
      assert.deepEqual(toArray(made), [1, Math.fround(0.1)]);
      assert.equal(tensor([7], { shape: [] }).item(), 7);
    }),
  ));

test('bfloat16 keeps 8 bits of a number, rounding half to even', () =>
  assertNoLeak(() => {
    // Between 1 and 2 its numbers stand 2^-7 apart.
    assert.deepEqual(roundTrip([1, 1 + 2 ** -7, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -15], 'bfloat16'), [
      1,
      1 + 2 ** -7,
      1, //            a half, to the even neighbour below
      1 + 2 ** -6, //  a half, to the even neighbour above
      1 + 2 ** -7, //  more than a half
    ]);
    assert.deepEqual(roundTrip([2 ** 127, 2 ** -126, 3.4e38], 'bfloat16'), [2 ** 127, 2 ** -126, Infinity]);
  }));

test('float16 keeps 11 bits and ends at 65504', () =>
  assertNoLeak(() => {
    assert.deepEqual(roundTrip([1 + 2 ** -10, 1 + 2 ** -11, 65504, 65520, 2 ** -24, 2 ** -26], 'float16'), [
      1 + 2 ** -10,
      1,
      65504,
      Infinity,
      2 ** -24,
      0,
    ]);
  }));

test('integers and booleans come back as they were', () =>
  assertNoLeak(() => {
    const most = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(roundTrip([most, -most, 0], 'int64'), [most, -most, 0]);
    assert.deepEqual(roundTrip([2 ** 31 - 1, -(2 ** 31)], 'int32'), [2 ** 31 - 1, -(2 ** 31)]);
    assert.deepEqual(roundTrip([-128, 127], 'int8'), [-128, 127]);
    assert.deepEqual(roundTrip([255], 'uint8'), [255]);
    assert.deepEqual(roundTrip([0, 1], 'bool'), [0, 1]);
    assert.deepEqual(roundTrip([Math.PI], 'float64'), [Math.PI]);
  }));

test('integers beyond 2^53 are read as bigints, and refused as numbers', () =>
  assertNoLeak(() =>
    scope(() => {
      const big = fromTyped(BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n)), [2], 'int64');
      assert.deepEqual(toTypedArray(big), BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n)));
      assert.throws(
        () => toArray(big),
        (error) => {
          assert.ok(PosttrainError.is(error));
          assert.equal(error.code, 'shape');
          assert.equal(error.message, '9007199254740993 is beyond 2^53; read it with toTypedArray');
          return true;
        },
      );
    }),
  ));

test('each type is read into an array of its own width', () =>
  assertNoLeak(() =>
    scope(() => {
      const kinds = (
        ['float32', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'bfloat16', 'float16'] as const
      ).map((dtype) => toTypedArray(tensor([1], { dtype })).constructor.name);
      const expected = 'Float32 Float64 BigInt64 Int32 Int16 Int8 Uint8 Uint8 Float32 Float32'.split(' ');
      assert.deepEqual(
        kinds,
        expected.map((kind) => `${kind}Array`),
      );
    }),
  ));

test('a view that is not contiguous is read in its own order', () =>
  assertNoLeak(() => {
    assert.deepEqual(
      scope(() => toArray(tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }).t())),
      [1, 4, 2, 5, 3, 6],
    );
    assert.deepEqual(
      scope(() => toArray(tensor([1, 2, 3, 4, 5, 6]).slice(0, 1, 6, 2))),
      [2, 4, 6],
    );
  }));

test('the tensor is a copy: changing the array afterwards changes nothing', () =>
  assertNoLeak(() =>
    scope(() => {
      const array = Float32Array.of(1, 2);
      const made = fromTyped(array, [2], 'float32');
      array[0] = 9;
      assert.deepEqual(toArray(made), [1, 2]);
    }),
  ));

test('moving to where it is gives the tensor itself', () =>
  assertNoLeak(() =>
    scope(() => {
      const here = tensor([1]);
      assert.equal(moveTo(here, 'cpu'), here);
    }),
  ));
