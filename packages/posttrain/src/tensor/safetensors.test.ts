import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PosttrainError } from '../support/errors.ts';
import { assertNoLeak, goldenPath } from '../testing/golden.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { tensor, toArray, toTypedArray } from './create.ts';
import type { DType } from './dtype.ts';
import { readSafetensorsHeader, SafetensorsFile, writeSafetensors } from './safetensors.ts';
import { scope } from './scope.ts';
import { arange, type Tensor } from './tensor.generated.ts';

/** A file made by hand: the length of the header, the header, the bytes. */
function handmade(path: string, header: unknown, bytes: Uint8Array): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, bytes]));
  return path;
}

const values: Readonly<Record<DType, readonly number[]>> = {
  float32: [0, -0, 1.5, 3.4028234663852886e38, Number.NEGATIVE_INFINITY, Number.NaN],
  float64: [0, -0, Math.PI, 5e-324, Number.POSITIVE_INFINITY, Number.NaN],
  bfloat16: [0, 1, -2.5, 1e30, 2 ** -100, Number.POSITIVE_INFINITY],
  float16: [0, 1, -2.5, 65504, 2 ** -24, Number.NEGATIVE_INFINITY],
  int64: [0, -1, 2 ** 52, -(2 ** 52), 7, 8],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31), 7, 8],
  int16: [0, -1, 2 ** 15 - 1, -(2 ** 15), 7, 8],
  int8: [0, -1, 127, -128, 7, 8],
  uint8: [0, 1, 127, 255, 7, 8],
  bool: [0, 1, 1, 0, 0, 1],
};

test('every element type comes back as it was written, 0-d and empty tensors too', (t) =>
  assertNoLeak(() =>
    scope(() => {
      const path = join(temporaryFolder(t), 'all.safetensors');
      const written = new Map<string, Tensor>();
      for (const [dtype, numbers] of Object.entries(values) as [DType, readonly number[]][]) {
        written.set(dtype, tensor(numbers, { dtype, shape: [2, 3] }));
        written.set(`${dtype} scalar`, tensor(numbers.slice(1, 2), { dtype, shape: [] }));
        written.set(`${dtype} empty`, tensor([], { dtype, shape: [0, 3] }));
      }
      writeSafetensors(path, written);
      using file = new SafetensorsFile(path);
      assert.deepEqual([...file.header.tensors.keys()], [...written.keys()].sort());
      for (const [name, expected] of written) {
        const read = file.view(name);
        assert.equal(read.dtype, expected.dtype, name);
        assert.deepEqual(read.shape, expected.shape, name);
        assert.deepEqual(toTypedArray(read), toTypedArray(expected), name);
      }
    }),
  ));

test('the layout is the format’s: a padded header, then the tensors by name without gaps', (t) => {
  const path = join(temporaryFolder(t), 'layout.safetensors');
  scope(() => {
    writeSafetensors(
      path,
      new Map([
        ['b', tensor([1, 2])],
        ['a', tensor([3], { dtype: 'int8' })],
      ]),
      { format: 'pt', made: 'here' },
    );
  });
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  assert.equal(length % 8, 0);
  assert.deepEqual(JSON.parse(bytes.toString('utf8', 8, 8 + length)), {
    __metadata__: { format: 'pt', made: 'here' },
    a: { dtype: 'I8', shape: [1], data_offsets: [0, 1] },
    b: { dtype: 'F32', shape: [2], data_offsets: [1, 9] },
  });
  assert.equal(bytes.readInt8(8 + length), 3);
  assert.deepEqual([bytes.readFloatLE(9 + length), bytes.readFloatLE(13 + length)], [1, 2]);
  assert.equal(bytes.length, 8 + length + 9);
  assert.deepEqual(readSafetensorsHeader(path).metadata, { format: 'pt', made: 'here' });
});

test('tensors that stand at odd bytes are read right', (t) =>
  assertNoLeak(() => {
    const numbers = Buffer.alloc(3 + 8 + 8);
    numbers.set([7, 8, 9]);
    numbers.writeFloatLE(0.5, 3);
    numbers.writeFloatLE(-4, 7);
    numbers.writeBigInt64LE(-5n, 11);
    const header = {
      bytes: { dtype: 'U8', shape: [3], data_offsets: [0, 3] },
      floats: { dtype: 'F32', shape: [2, 1], data_offsets: [3, 11] },
      long: { dtype: 'I64', shape: [], data_offsets: [11, 19] },
    };
    const path = handmade(join(temporaryFolder(t), 'odd.safetensors'), header, numbers);
    scope(() => {
      using file = new SafetensorsFile(path);
      assert.deepEqual(toArray(file.view('bytes')), [7, 8, 9]);
      assert.deepEqual(toArray(file.view('floats')), [0.5, -4]);
      assert.equal(file.view('long').item(), -5);
    });
  }));

test('what Python wrote in bfloat16 is what its bytes say', () =>
  assertNoLeak(() => {
    const path = goldenPath('tiny/bf16-file/model.safetensors');
    const bytes = readFileSync(path);
    scope(() => {
      using file = new SafetensorsFile(path);
      for (const { name, start, end, dtype } of file.header.tensors.values()) {
        assert.equal(dtype, 'bfloat16');
        // A bfloat16 is the upper half of a float32.
        const expected = Array.from({ length: (end - start) / 2 }, (_, i) => {
          const wide = Buffer.alloc(4);
          bytes.copy(wide, 2, start + 2 * i, start + 2 * i + 2);
          return wide.readFloatLE();
        });
        assert.deepEqual(toArray(file.view(name)), expected, name);
      }
    });
  }));

test('a view outlives its file, and writing to it does not reach the disk', (t) =>
  assertNoLeak(() => {
    const path = join(temporaryFolder(t), 'kept.safetensors');
    scope(() => {
      writeSafetensors(path, new Map([['x', tensor([1, 2, 3])]]));
      const before = readFileSync(path);
      const file = new SafetensorsFile(path);
      const view = file.view('x');
      file[Symbol.dispose]();
      view.fill_(9);
      assert.deepEqual(toArray(view), [9, 9, 9]);
      assert.deepEqual(readFileSync(path), before);
    });
  }));

test('a tensor longer than the buffer, and one that is not contiguous, are written element by element', (t) => {
  const path = join(temporaryFolder(t), 'long.safetensors');
  scope(() => {
    const count = 3 * 2 ** 20; // 12 MiB; the buffer has 8
    writeSafetensors(
      path,
      new Map([
        ['long', arange(0, count, { dtype: 'int32' })],
        ['turned', tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }).t()],
      ]),
    );
    using file = new SafetensorsFile(path);
    const long = toTypedArray(file.view('long'));
    assert.equal(long.length, count);
    assert.ok(long.every((value, i) => value === i));
    assert.deepEqual(file.view('turned').shape, [3, 2]);
    assert.deepEqual(toArray(file.view('turned')), [1, 4, 2, 5, 3, 6]);
  });
});

for (const [what, entries, message] of [
  [
    'overlaps',
    { a: { dtype: 'U8', shape: [4], data_offsets: [0, 4] }, b: { dtype: 'U8', shape: [4], data_offsets: [3, 7] } },
    'tensors "a" and "b" overlap',
  ],
  [
    'is longer than its shape',
    { a: { dtype: 'F32', shape: [1], data_offsets: [0, 8] } },
    'tensor "a" [1] F32 needs 4 bytes, its entry has 8',
  ],
  [
    'has an unknown type',
    { a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } },
    'tensor "a" has the element type "F8_E4M3", which is not supported',
  ],
  [
    'starts before the data',
    { a: { dtype: 'U8', shape: [4], data_offsets: [-4, 0] } },
    'tensor "a" has a malformed entry',
  ],
  [
    'ends after the file',
    { a: { dtype: 'U8', shape: [9], data_offsets: [0, 9] } },
    /^tensor "a" ends at byte \d+, the file has \d+; it was cut off$/,
  ],
  ['has no shape', { a: { dtype: 'U8', data_offsets: [0, 8] } }, 'tensor "a" has a malformed entry'],
  [
    'has a size that is not whole',
    { a: { dtype: 'U8', shape: [1.5], data_offsets: [0, 8] } },
    'tensor "a" has a malformed entry',
  ],
  ['is null', { a: null }, 'tensor "a" has the element type undefined, which is not supported'],
] as const)
  test(`a file in which a tensor ${what} is refused`, (t) => {
    const path = handmade(join(temporaryFolder(t), 'bad.safetensors'), entries, new Uint8Array(8));
    assert.throws(
      () => new SafetensorsFile(path),
      (error) => {
        assert.ok(PosttrainError.is(error));
        assert.equal(error.code, 'weights-invalid');
        const start = `${path} is not a whole safetensors file: `;
        assert.ok(error.message.startsWith(start) && error.message.endsWith('.'));
        const told = error.message.slice(start.length, -1);
        if (typeof message === 'string') assert.equal(told, message);
        else assert.match(told, message);
        return true;
      },
    );
  });

test('a name that the file does not have', () =>
  assertNoLeak(() => {
    using file = new SafetensorsFile(goldenPath('tiny/untied/model.safetensors'));
    assert.throws(() => file.view('model.nothing'), /model\.safetensors has no tensor "model\.nothing"\.$/);
  }));
